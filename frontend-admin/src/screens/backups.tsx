import { useState } from 'react';
import { useFormats } from '@app/i18n';
import { useNow } from '@app/page/use-now';
import { Button } from '@app/ui/button';
import { Line } from '@app/ui/line';
import { Section } from '@app/ui/pane';
import { Problem } from '@app/ui/problem';
import { useAction } from '@app/ui/use-action';
import type { BackupState } from '../api/records';
import { useAsked, useDashboard } from '../app/use-dashboard';
import { said, useWords } from '../i18n';
import { Waiting } from '../ui/asked';
import { Figure, Figures } from '../ui/figures';
import { Progress } from '../ui/progress';
import styles from './screens.module.css';

/** Seconds between two looks: while something works, and else. */
const often = 1;
const seldom = 30;

/** The server's own backups: whether there are any, whether they hold, and one more now. */
export function Backups() {
  const { dashboard } = useDashboard();
  const backups = useAsked(
    () => dashboard.backups(),
    '',
    state => (state?.work ? often : seldom),
  );
  if (!backups.value) return <Waiting asked={backups} />;
  return backups.value.isSetUp ? <Made state={backups.value} onBegun={backups.again} problem={backups.problem} /> : <NotSetUp />;
}

function Made({ state, onBegun, problem }: { readonly state: BackupState; readonly onBegun: () => void; readonly problem: string | null }) {
  const t = useWords().backups;
  const formats = useFormats();
  const { dashboard } = useDashboard();
  const now = useNow(30_000);
  // What was begun shows with the next look; until then nothing else is offered, which would be refused.
  const [before, setBefore] = useState<BackupState | null>(null);
  const begin = useAction(async (what: 'run' | 'test') => {
    await dashboard.backUp(what);
    setBefore(state);
    onBegun();
  });
  const { work, lastRun, lastTest, next } = state;
  const works = work !== undefined || before === state;
  const newest = state.backups[0];
  return (
    <>
      <p className={styles.text}>{t.text}</p>
      {problem && (
        <Line kind="attention" boxed icon="warning">
          {problem}
        </Line>
      )}
      <Figures>
        <Figure
          name={t.newest}
          value={newest ? formats.brief(newest.made * 1000, now) : '–'}
          text={newest ? formats.bytes(newest.bytes) : t.none}
          attention={!newest}
        />
        <Figure name={t.schedule} value={formats.duration(state.every)} text={t.keep(state.keep)} />
        {next !== undefined && <Figure name={t.next} value={next * 1000 <= now ? t.soon : formats.until(next * 1000, now)} />}
        {lastRun && (
          <Figure
            name={t.lastRun}
            value={formats.brief(lastRun.at * 1000, now)}
            text={lastRun.outcome === 'ok' ? t.ran(formats.bytes(lastRun.bytes)) : said(t.outcomes, lastRun.outcome)}
            attention={lastRun.outcome !== 'ok'}
          />
        )}
        <Figure
          name={t.lastTest}
          value={lastTest ? formats.brief(lastTest.at * 1000, now) : '–'}
          text={
            !lastTest
              ? t.neverTested
              : lastTest.outcome !== 'ok'
                ? said(t.outcomes, lastTest.outcome)
                : t.tested(lastTest.made === undefined ? '' : formats.full(lastTest.made * 1000))
          }
          attention={lastTest !== undefined && lastTest.outcome !== 'ok'}
        />
      </Figures>
      {work && (
        <Progress
          label={work.what === 'test' ? t.testing : t.running}
          done={work.done}
          of={work.of}
          text={t.progress(formats.bytes(work.done), formats.bytes(work.of))}
        />
      )}
      <div className={styles.acts}>
        <Button kind="primary" icon="archive" busy={begin.busy} disabled={works} onClick={() => void begin.run('run')}>
          {t.run}
        </Button>
        <Button icon="shieldCheck" busy={begin.busy} disabled={works || !newest} onClick={() => void begin.run('test')}>
          {t.test}
        </Button>
      </div>
      <p className={styles.small}>{t.testText}</p>
      <Problem text={begin.problem} />
      {state.backups.length > 0 && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t.made}</th>
              <th scope="col" className={styles.number}>
                {t.size}
              </th>
            </tr>
          </thead>
          <tbody>
            {state.backups.map(backup => (
              <tr key={backup.made}>
                <th scope="row">{formats.full(backup.made * 1000)}</th>
                <td className={styles.number}>{formats.bytes(backup.bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className={styles.small}>{t.restore}</p>
    </>
  );
}

const typed = [
  'openssl rand -base64 32 > backup.key',
  'KAVALEK_BACKUP_TO=/backups KAVALEK_BACKUP_KEY_FILE=/run/secrets/backup.key',
  'KAVALEK_BACKUP_EVERY=12h KAVALEK_BACKUP_KEEP=14',
  'docker compose up --detach',
];

/** What to do, in the words of whoever runs the machine. */
function NotSetUp() {
  const t = useWords().backups;
  return (
    <>
      <Line kind="attention" boxed icon="warning">
        {t.off}
      </Line>
      <div className={styles.fields}>
        <Section title={t.how} text={t.howText}>
          <ol className={styles.how}>
            {t.steps.map((step, at) => (
              <li key={step}>
                {step}
                <code dir="ltr" translate="no">
                  {typed[at]}
                </code>
              </li>
            ))}
          </ol>
        </Section>
      </div>
      <p className={styles.small}>{t.howMore}</p>
    </>
  );
}
