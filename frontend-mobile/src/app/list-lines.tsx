import { useState } from 'react';
import { useLive } from '../client';
import { useTexts } from '../i18n';
import { navigate, to } from '../page/router';
import { useClient } from '../page/use-client';
import { Button } from '../ui/button';
import { Line } from '../ui/line';

/** Above the list: what is worth knowing about the account as a whole, one thing at a time. */
export function ListLines() {
  const t = useTexts();
  const client = useClient();
  const settings = useLive(client.settings);
  const history = useLive(client.history);
  const conversations = useLive(client.conversations);
  const [dismissed, setDismissed] = useState(false);

  if (history && history.unread > 0) return <Line icon="clock">{t.list.archiveFilling(history.segments - history.unread, history.segments)}</Line>;
  if (settings?.auditBroken) {
    return (
      <Line
        kind="attention"
        icon="warning"
        actions={
          <Button kind="plain" onClick={() => navigate(to.audit)}>
            {t.list.auditAction}
          </Button>
        }
      >
        {t.list.auditBroken}
      </Line>
    );
  }
  if (settings?.recovery === 'none' && conversations.length > 0 && !dismissed) {
    return (
      <Line
        kind="attention"
        icon="key"
        actions={
          <>
            <Button kind="plain" onClick={() => navigate(to.recovery)}>
              {t.list.recoveryAction}
            </Button>
            <Button kind="plain" onClick={() => setDismissed(true)}>
              {t.recovery.later}
            </Button>
          </>
        }
      >
        {t.list.recoveryMissing}
      </Line>
    );
  }
  return <div />;
}
