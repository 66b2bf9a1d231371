import { useEffect } from 'react';
import { useLive, type Client } from '@app/client';
import { useTexts } from '@app/i18n';
import '@app/page/preferences';
import { Button } from '@app/ui/button';
import type { Dashboard } from '../api/dashboard';
import { useWords } from '../i18n';
import { Gate, Note } from './gate';
import { Shell } from './shell';
import styles from './gate.module.css';
import { DashboardContext } from './use-dashboard';

/** What is on screen follows from the account of this browser and from whether the dashboard is open. */
export function App({ client, dashboard }: { readonly client: Client; readonly dashboard: Dashboard }) {
  const words = useWords();
  const texts = useTexts();
  const session = useLive(client.session);
  const rank = useLive(dashboard.rank);
  useEffect(() => {
    document.title = `${words.title} · ${texts.app.name}`;
  }, [words, texts]);
  // An account that was locked or left takes its dashboard with it.
  useEffect(() => {
    if (session.state !== 'ready' && session.state !== 'busy') dashboard.close();
  }, [session.state, dashboard]);

  switch (session.state) {
    case 'starting':
      return <Note busy text={texts.app.starting} />;
    case 'unsupported':
      return session.error.code === 'other_release' ? (
        <Note title={words.open.otherRelease}>
          <Button kind="primary" onClick={() => location.reload()}>
            {words.open.reload}
          </Button>
        </Note>
      ) : (
        <Note title={words.open.unsupported} text={texts.app.unsupportedText} />
      );
    case 'empty':
    case 'removed':
      return (
        <Note title={words.open.noAccount} text={words.open.noAccountText}>
          <a href="/" className={styles.way}>
            {words.open.logIn}
          </a>
        </Note>
      );
    case 'waiting':
      return (
        <Note title={words.open.waiting} text={words.open.waitingText}>
          <a href="/" className={styles.way}>
            {words.toApp}
          </a>
        </Note>
      );
    case 'locked':
    case 'busy':
    case 'ready':
      if (session.state !== 'ready' || rank === null) return <Gate client={client} dashboard={dashboard} />;
      return (
        <DashboardContext value={{ dashboard, me: session.me.id }}>
          <Shell onClose={() => dashboard.close()} handle={session.me.handle} />
        </DashboardContext>
      );
  }
}
