import { useCallback, useEffect, useState } from 'react';
import { KavalekError, type Client } from '@app/client';
import { useClient } from '@app/page/use-client';
import { Button } from '@app/ui/button';
import { classNames } from '@app/ui/class-names';
import { Icon } from '@app/ui/icon';
import type { Dashboard } from '../api/dashboard';
import { useDashboard } from '../app/use-dashboard';
import { useWords, type Words } from '../i18n';
import styles from './setup.module.css';

type CheckName = keyof Words['checks']['names'];

/** `advice`: it works without, and is better with. `about`: what the words name. */
interface Outcome {
  readonly state: 'good' | 'advice' | 'bad';
  readonly why: keyof Words['checks']['whys'];
  readonly about?: string;
}

type Tell = (name: CheckName, outcome: Outcome | 'none') => void;

/** How long a socket may take to open. */
const patience = 8_000;

const good = (why: Outcome['why']): Outcome => ({ state: 'good', why });
const advice = (why: Outcome['why']): Outcome => ({ state: 'advice', why });
const bad = (why: Outcome['why'], about?: string): Outcome => ({ state: 'bad', why, ...(about === undefined ? {} : { about }) });

/** Looks from this very browser, the way that people's devices come, and asks the server what it sees of that way. */
export function Checks() {
  const t = useWords().checks;
  const client = useClient();
  const { dashboard } = useDashboard();
  const [outcomes, setOutcomes] = useState<Partial<Record<CheckName, Outcome | 'none'>>>({});
  const [round, setRound] = useState(0);
  const look = useCallback(
    (tell: Tell) => {
      tell('tls', transport());
      void socket().then(outcome => tell('socket', outcome));
      void wakeUps(client, dashboard).then(outcome => tell('push', outcome));
      void way(dashboard, tell);
      void overview(dashboard, tell);
    },
    [client, dashboard],
  );
  useEffect(() => {
    let gone = false;
    setOutcomes({});
    look((name, outcome) => {
      if (!gone) setOutcomes(before => ({ ...before, [name]: outcome }));
    });
    return () => {
      gone = true;
    };
  }, [look, round]);
  return (
    <>
      <p className={styles.text}>{t.text}</p>
      <ul className={styles.checks} aria-live="polite">
        {(Object.keys(t.names) as CheckName[])
          .filter(name => outcomes[name] !== 'none')
          .map(name => {
            const outcome = outcomes[name] as Outcome | undefined;
            const why = outcome && t.whys[outcome.why];
            return (
              <li key={name} className={classNames(outcome && styles[outcome.state])}>
                <Icon name={!outcome ? 'clock' : outcome.state === 'good' ? 'check' : outcome.state === 'bad' ? 'warning' : 'info'} />
                <p>
                  <strong>{t.names[name]}</strong>
                  <span>{typeof why === 'function' ? why(outcome!.about ?? '') : (why ?? t.looking)}</span>
                </p>
              </li>
            );
          })}
      </ul>
      <div>
        <Button onClick={() => setRound(round + 1)}>{t.again}</Button>
      </div>
    </>
  );
}

function transport(): Outcome {
  if (location.protocol === 'https:') return good('tls');
  return ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname) ? advice('loopback') : bad('noTls');
}

/** Whether a socket opens through whatever stands in front of the server. It says nothing there, and is closed at once. */
function socket(): Promise<Outcome> {
  return new Promise(done => {
    const opened = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/socket`);
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      opened.close();
      done(outcome);
    };
    const timer = setTimeout(() => end(bad('noSocket')), patience);
    opened.onopen = () => end(good('socket'));
    opened.onerror = () => end(bad('noSocket'));
  });
}

/** Whether the server may wake devices, and reaches those who do it. */
async function wakeUps(client: Client, dashboard: Dashboard): Promise<Outcome> {
  try {
    if ((await client.request('push.state')).key === null) return advice('pushOff');
    const { services } = await dashboard.testPush();
    const missed = services.filter(service => service.outcome !== 'ok');
    return missed.length === 0 ? good('pushOn') : bad('pushMissed', missed.map(one => one.service).join(', '));
  } catch (error) {
    return error instanceof KavalekError && error.code === 'rate_limited' ? advice('pushTried') : bad('unanswered');
  }
}

/** What the server sees of the way: it says so until it is set up. */
async function way(dashboard: Dashboard, tell: Tell): Promise<void> {
  const names = ['address', 'proxy'] as const;
  try {
    if (dashboard.setUp.get() === null) return names.forEach(name => tell(name, 'none'));
    for (const { check, outcome, detail } of await dashboard.checkSetUp()) {
      if (check === 'address') tell('address', outcome === 'ok' ? good('address') : bad('otherAddress', detail ?? ''));
      if (check === 'proxy') {
        const why =
          outcome === 'ok'
            ? good('proxy')
            : outcome === 'untrusted'
              ? bad('proxyUntrusted')
              : outcome === 'unexpected'
                ? bad('proxyUnexpected')
                : bad('proxySilent');
        tell('proxy', why);
      }
    }
  } catch {
    names.forEach(name => tell(name, bad('unanswered')));
  }
}

async function overview(dashboard: Dashboard, tell: Tell): Promise<void> {
  try {
    const [all, backups] = await Promise.all([dashboard.overview(), dashboard.backups()]);
    const ends = all.certificateExpires;
    tell('certificate', ends === undefined ? 'none' : ends - Date.now() / 1000 < 14 * 86_400 ? bad('certificateSoon') : good('certificate'));
    tell('mail', all.mail ? good('mailOn') : advice('mailOff'));
    tell('backup', backups.isSetUp ? good('backups') : all.lastBackup === undefined ? advice('noBackup') : good('backup'));
  } catch {
    for (const name of ['certificate', 'mail', 'backup'] as const) tell(name, bad('unanswered'));
  }
}
