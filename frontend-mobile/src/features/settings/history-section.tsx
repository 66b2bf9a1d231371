import { useState } from 'react';
import { useLive } from '../../client';
import { useFormats, useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Switch } from '../../ui/field';
import { Section } from '../../ui/pane';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';
import styles from './settings-page.module.css';

/** The account's encrypted archive of what was read and sent. */
export function HistorySection() {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const history = useLive(client.history);
  const [asking, setAsking] = useState(false);
  const set = useAction(async (on: boolean) => {
    await client.request('history.setOn', { on });
    setAsking(false);
  });
  if (!history) return null;
  return (
    <Section title={t.settings.history} text={t.settings.historyText}>
      <Switch label={t.settings.historyOn} on={history.on} disabled={set.busy} onChange={on => (on ? void set.run(true) : setAsking(true))} />
      {history.on && (
        <p className={styles.small}>
          {history.segments === 0
            ? t.settings.historyEmpty
            : `${t.settings.historyState(t.settings.historyParts(history.segments), formats.bytes(history.bytes))}.`}{' '}
          {history.unread > 0
            ? t.settings.historyReading(history.segments - history.unread, history.segments)
            : history.segments > 0 && t.settings.historyComplete}
          {history.waiting > 0 && ` ${t.settings.historyWaiting(history.waiting)}.`}
        </p>
      )}
      <Problem text={asking ? null : (set.problem ?? history.problem)} />
      {asking && (
        <Dialog
          title={t.settings.historyOffTitle}
          onClose={() => setAsking(false)}
          actions={
            <>
              <Button onClick={() => setAsking(false)}>{t.app.cancel}</Button>
              <Button kind="danger" busy={set.busy} onClick={() => void set.run(false)}>
                {t.settings.historyOff}
              </Button>
            </>
          }
        >
          <p>{t.settings.historyOffText}</p>
          <Problem text={set.problem} />
        </Dialog>
      )}
    </Section>
  );
}
