import { useEffect, useState } from 'react';
import { useLive, type Session } from '../client';
import { Join } from '../features/access/join';
import { Unlock } from '../features/access/unlock';
import { Welcome } from '../features/access/welcome';
import { useTexts } from '../i18n';
import { dropDrafts } from '../page/drafts';
import { closeFiles } from '../page/opened-files';
import { takeLinkSecret, type LinkSecret } from '../page/router';
import { takeUpdate } from '../page/service-worker';
import { useClient } from '../page/use-client';
import { FullPage, Splash } from './full-page';
import { Shell } from './shell';
import { useSilence } from './use-silence';
import { Button } from '../ui/button';
import { useClearToasts } from '../ui/toasts';

/** The whole app: what is on screen follows from how the session stands. */
export function App() {
  const t = useTexts();
  const client = useClient();
  const session = useSettledSession(useLive(client.session));
  const clearToasts = useClearToasts();
  useSilence(session.state);
  const [link, setLink] = useState<LinkSecret | null>(takeLinkSecret);

  useEffect(() => {
    const taken = () => setLink(before => takeLinkSecret() ?? before);
    window.addEventListener('hashchange', taken);
    return () => window.removeEventListener('hashchange', taken);
  }, []);

  const went = session.state === 'starting' || session.state === 'busy' || (session.state === 'locked' && session.why === 'tab_closed');
  useEffect(() => {
    if (session.state === 'ready') return;
    dropDrafts(went);
    closeFiles();
    clearToasts();
    document.title = t.app.name;
    if ('clearAppBadge' in navigator) void navigator.clearAppBadge().catch(() => undefined);
  }, [session.state, went, t, clearToasts]);

  switch (session.state) {
    case 'starting':
    case 'busy':
    case 'closing':
      return <Splash />;
    case 'unsupported':
      if (session.error.code === 'other_release') {
        return (
          <FullPage title={t.update.otherTitle} text={t.update.otherText}>
            <Button kind="primary" onClick={takeUpdate}>
              {t.update.reload}
            </Button>
          </FullPage>
        );
      }
      return <FullPage title={t.app.unsupportedTitle} text={t.app.unsupportedText} />;
    case 'removed':
      return (
        <FullPage title={t.app.removedTitle} text={t.app.removedText}>
          <Button kind="primary" onClick={() => location.reload()}>
            {t.app.removedAction}
          </Button>
        </FullPage>
      );
    case 'empty':
      return <Welcome link={link} key={link?.secret} />;
    case 'locked':
      return <Unlock why={session.why} />;
    case 'waiting':
      return <Join />;
    case 'ready':
      return <Shell session={session} link={link} onLinkUsed={() => setLink(null)} />;
  }
}

/** While a password is being worked with, the page that it was typed into stays, so that nothing typed is lost if it was wrong. */
function useSettledSession(session: Session): Session {
  const [settled, setSettled] = useState(session);
  if (session.state !== 'busy' && session !== settled) {
    setSettled(session);
    return session;
  }
  if (session.state !== 'busy' || settled.state !== 'starting') return settled;
  return session.doing === 'unlocking' ? { state: 'locked', why: 'start' } : { state: 'empty' };
}
