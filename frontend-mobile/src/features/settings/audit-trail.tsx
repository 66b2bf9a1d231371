import { useEffect, useState } from 'react';
import type { AuditTrail } from '../../client';
import { useTexts } from '../../i18n';
import { AuditList } from '../../ui/audit-list';
import { Button } from '../../ui/button';
import { Line } from '../../ui/line';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';

const atOnce = 100;

/** What those who run the server did, the newest first, and whether it is what this device saw of it before. */
export function AuditTrailView({ read }: { readonly read: (limit: number) => Promise<AuditTrail> }) {
  const t = useTexts();
  const [trail, setTrail] = useState<AuditTrail | null>(null);
  const [isChanged, setChanged] = useState(false);
  const [limit, setLimit] = useState(atOnce);
  const reading = useAction(async (most: number) => {
    const answer = await read(most);
    setTrail(answer);
    // It is said once; on this page it stays said.
    if (!answer.whole) setChanged(true);
  });
  const { run } = reading;
  useEffect(() => void run(limit), [run, limit]);
  return (
    <>
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
      {!trail && reading.busy && <p role="status">{t.audit.reading}</p>}
      {trail && (trail.records.length === 0 ? <p>{t.audit.none}</p> : <AuditList entries={trail.records} />)}
      {trail && trail.records.length === limit && (
        <Button wide busy={reading.busy} onClick={() => setLimit(limit + atOnce)}>
          {t.audit.more}
        </Button>
      )}
      <Problem text={reading.problem} />
    </>
  );
}
