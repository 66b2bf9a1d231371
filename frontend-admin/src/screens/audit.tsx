import { useEffect, useState } from 'react';
import { AuditList } from '@app/ui/audit-list';
import { Button } from '@app/ui/button';
import { Line } from '@app/ui/line';
import { Problem } from '@app/ui/problem';
import { useAction } from '@app/ui/use-action';
import { firstBreak, remember, seen } from '../api/audit-chain';
import type { AuditRecord, Id } from '../api/records';
import { useAsked, useDashboard } from '../app/use-dashboard';
import { useWords } from '../i18n';
import styles from './screens.module.css';

type Verdict = { readonly kind: 'unbroken' } | { readonly kind: 'broken'; readonly at: number } | { readonly kind: 'rewritten' };

/** What those who run the instance did. The chain is worked out here, and compared with what this browser saw before. */
export function Audit() {
  const words = useWords();
  const t = words.audit;
  const { dashboard } = useDashboard();
  const first = useAsked(async () => ({ page: await dashboard.audit(null), instance: (await dashboard.instance()).id }));
  const [older, setOlder] = useState<readonly AuditRecord[]>([]);
  const records = [...(first.value?.page.records ?? []), ...older];
  const last = records.at(-1);
  const verdict = useVerdict(records, first.value?.instance ?? null);
  const load = useAction(async () => {
    if (last) setOlder([...older, ...(await dashboard.audit(last.number)).records]);
  });
  return (
    <>
      <p className={styles.text}>{t.text}</p>
      {first.problem && (
        <Line kind="danger" boxed icon="warning">
          {first.problem}
        </Line>
      )}
      {verdict?.kind === 'unbroken' && (
        <Line boxed icon="shieldCheck">
          {t.unbroken}
        </Line>
      )}
      {verdict && verdict.kind !== 'unbroken' && (
        <Line kind="danger" boxed icon="warning">
          {verdict.kind === 'broken' ? t.broken(verdict.at) : t.rewritten}
        </Line>
      )}
      {!first.value && !first.problem && <p role="status">{words.loading}</p>}
      {first.value && records.length === 0 && <p className={styles.small}>{t.none}</p>}
      {records.length > 0 && (
        <AuditList
          entries={records.map(record => ({
            number: record.number,
            at: record.at * 1000,
            actor: record.actor,
            actorHandle: record.actorHandle ?? null,
            act: record.act,
            subject: record.subject ?? null,
            subjectHandle: record.subjectHandle ?? null,
            detail: record.detail,
          }))}
        />
      )}
      {last && last.number > 1 && (
        <Button wide busy={load.busy} onClick={() => void load.run()}>
          {words.more}
        </Button>
      )}
      <Problem text={load.problem} />
    </>
  );
}

/** Whether the records follow from each other, and from the one that this browser saw last. */
function useVerdict(records: readonly AuditRecord[], instance: Id | null): Verdict | null {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const newest = records[0],
    count = records.length;
  useEffect(() => {
    if (!newest || instance === null) return;
    let gone = false;
    const before = seen(instance);
    const same = before ? records.find(record => record.number === before.number) : undefined;
    void firstBreak(records, instance).then(at => {
      if (gone) return;
      if (at !== null) setVerdict({ kind: 'broken', at });
      else if (before && (before.number > newest.number || (same && same.hash !== before.hash))) setVerdict({ kind: 'rewritten' });
      else {
        setVerdict({ kind: 'unbroken' });
        // Remembered only where what was remembered is among what was looked at, or nothing was.
        if (!before || same) remember(instance, newest);
      }
    });
    return () => {
      gone = true;
    };
    // Records are only ever added at the end of a list that begins with the newest.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [newest?.hash, count, instance]);
  return verdict;
}
