import { useCallback, useEffect, useState } from 'react';
import type { AuditTrail } from '../../client';
import { useTexts } from '../../i18n';
import { to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { AuditList } from '../../ui/audit-list';
import { Button } from '../../ui/button';
import { Line } from '../../ui/line';
import { Pane } from '../../ui/pane';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';
import styles from './settings-page.module.css';

const atOnce = 100;

/** What those who run the server did: for every member to read, and checked against what this device saw of it before. */
export function AuditPage() {
  const t = useTexts();
  const client = useClient();
  const [trail, setTrail] = useState<AuditTrail | null>(null);
  const [isChanged, setChanged] = useState(false);
  const [limit, setLimit] = useState(atOnce);
  const read = useAction(
    useCallback(
      async (most: number) => {
        const answer = await client.request('audit.list', { limit: most });
        setTrail(answer);
        // It is said once; on this page it stays said.
        if (!answer.whole) setChanged(true);
      },
      [client],
    ),
  );
  const { run } = read;
  useEffect(() => void run(limit), [run, limit]);
  return (
    <Pane title={t.settings.audit} back={to.settings}>
      <p className={styles.small}>{t.audit.text}</p>
      {isChanged ? (
        <Line kind="danger" boxed icon="warning">
          {t.audit.changed}
        </Line>
      ) : (
        trail &&
        trail.records.length > 0 && (
          <Line boxed icon="shieldCheck">
            {t.audit.whole}
          </Line>
        )
      )}
      {trail && (trail.records.length === 0 ? <p className={styles.small}>{t.audit.none}</p> : <AuditList entries={trail.records} />)}
      {trail && trail.records.length === limit && (
        <Button wide busy={read.busy} onClick={() => setLimit(limit + atOnce)}>
          {t.audit.more}
        </Button>
      )}
      <Problem text={read.problem} />
    </Pane>
  );
}
