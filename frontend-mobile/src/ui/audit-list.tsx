import { isolate, useFormats, useTexts } from '../i18n';
import { useNow } from '../page/use-now';
import styles from './audit-list.module.css';

/** One act of somebody who runs the server. */
export interface AuditEntry {
  readonly number: number;
  /** Milliseconds since 1970, to the minute. */
  readonly at: number;
  readonly actor: string;
  /** `null` where the account is gone. */
  readonly actorHandle: string | null;
  readonly act: string;
  readonly subject: string | null;
  readonly subjectHandle: string | null;
  readonly detail: string;
}

/** Who did what to whom, the newest first. An act that this release does not know stands as the server wrote it. */
export function AuditList({ entries }: { readonly entries: readonly AuditEntry[] }) {
  const t = useTexts();
  const formats = useFormats();
  const now = useNow(60_000);
  return (
    <ol className={styles.list}>
      {entries.map(entry => (
        <li key={entry.number} className={styles.entry}>
          <span className={styles.number} aria-hidden="true">
            {entry.number}
          </span>
          <time className={styles.time} dateTime={new Date(entry.at).toISOString()} title={formats.full(entry.at)}>
            {formats.brief(entry.at, now)}
          </time>
          <p className={styles.what}>
            <strong title={entry.actor}>{who(entry.actorHandle, t.audit.gone)}</strong> {said(entry, t.audit)}
          </p>
        </li>
      ))}
    </ol>
  );
}

type AuditTexts = ReturnType<typeof useTexts>['audit'];

const who = (handle: string | null, gone: string): string => (handle === null ? gone : isolate(`@${handle}`));

function said({ act, subject, subjectHandle, detail }: AuditEntry, t: AuditTexts): string {
  const whom = subject === null ? '' : who(subjectHandle, t.gone);
  if (!Object.hasOwn(t.acts, act)) return [act, whom, isolate(detail)].join(' ');
  const say = t.acts[act]!;
  const [first = '', second] = detail.split(' ');
  const word = (texts: Readonly<Record<string, string>>, of: string) => (Object.hasOwn(texts, of) ? texts[of]! : isolate(of));
  const rank = word(t.ranks, first);
  const ended = (count: string | undefined) => (count && /^\d+$/.test(count) ? ` · ${t.invitesEnded(Number(count))}` : '');
  switch (act) {
    case 'rank':
      return say(whom, rank) + ended(second);
    case 'invited':
      return say(whom, `${t.people(Number(second))} (${rank})`);
    case 'signed out':
      return say(whom, t.sessionsEnded(Number(first)));
    case 'joined':
      return say(whom, rank);
    case 'decided a report':
      return say(whom, word(t.decisions, detail));
    case 'settings':
      return say(
        whom,
        detail
          .split(' ')
          .map(part => word(t.settings, part))
          .join(', '),
      );
    case 'purged':
      return say(whom, t.days(Number(first)));
    case 'suspended':
    case 'off-boarded':
    case 'deleted':
      return say(whom, '') + ended(first);
    default:
      return say(whom, isolate(detail));
  }
}
