import { useCallback, useEffect, useState } from 'react';
import { useClient } from '@app/page/use-client';
import { Button } from '@app/ui/button';
import { classNames } from '@app/ui/class-names';
import { Icon } from '@app/ui/icon';
import { useDashboard } from '../app/use-dashboard';
import { useWords, type Words } from '../i18n';
import styles from './setup.module.css';

type CheckName = keyof Words['checks']['names'];

/** `advice`: it works without, and is better with. */
interface Outcome {
  readonly state: 'good' | 'advice' | 'bad';
  readonly why: keyof Words['checks']['whys'];
}

/** How long a socket may take to open. */
const patience = 8_000;

/** Looks from this very browser, the way that people's devices come, at what an instance needs. */
export function Checks() {
  const t = useWords().checks;
  const client = useClient();
  const { dashboard } = useDashboard();
  const [outcomes, setOutcomes] = useState<Partial<Record<CheckName, Outcome>>>({});
  const [round, setRound] = useState(0);
  const run = useCallback(
    (tell: (name: CheckName, outcome: Outcome) => void) => {
      tell('tls', transport());
      void socket().then(outcome => tell('socket', outcome));
      void client.request('push.state').then(
        ({ key }) => tell('push', key === null ? { state: 'advice', why: 'pushOff' } : { state: 'good', why: 'pushOn' }),
        () => tell('push', { state: 'bad', why: 'unanswered' }),
      );
      void dashboard.overview().then(
        overview => {
          tell('mail', overview.mail ? { state: 'good', why: 'mailOn' } : { state: 'advice', why: 'mailOff' });
          tell('backup', overview.lastBackup === undefined ? { state: 'advice', why: 'noBackup' } : { state: 'good', why: 'backup' });
        },
        () => {
          tell('mail', { state: 'bad', why: 'unanswered' });
          tell('backup', { state: 'bad', why: 'unanswered' });
        },
      );
    },
    [client, dashboard],
  );
  useEffect(() => {
    let gone = false;
    setOutcomes({});
    run((name, outcome) => {
      if (!gone) setOutcomes(before => ({ ...before, [name]: outcome }));
    });
    return () => {
      gone = true;
    };
  }, [run, round]);
  return (
    <>
      <p className={styles.text}>{t.text}</p>
      <ul className={styles.checks} aria-live="polite">
        {(Object.keys(t.names) as CheckName[]).map(name => {
          const outcome = outcomes[name];
          return (
            <li key={name} className={classNames(outcome && styles[outcome.state])}>
              <Icon name={!outcome ? 'clock' : outcome.state === 'good' ? 'check' : outcome.state === 'bad' ? 'warning' : 'info'} />
              <p>
                <strong>{t.names[name]}</strong>
                <span>{outcome ? t.whys[outcome.why] : t.looking}</span>
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
  if (location.protocol === 'https:') return { state: 'good', why: 'tls' };
  return ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname) ? { state: 'advice', why: 'loopback' } : { state: 'bad', why: 'noTls' };
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
    const timer = setTimeout(() => end({ state: 'bad', why: 'noSocket' }), patience);
    opened.onopen = () => end({ state: 'good', why: 'socket' });
    opened.onerror = () => end({ state: 'bad', why: 'noSocket' });
  });
}
