import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLive, type Session } from '../client';
import { ConversationList } from '../features/list/conversation-list';
import { explain, useFormats, useTexts } from '../i18n';
import { saveDrafts, useDrafts } from '../page/drafts';
import { usePreferences } from '../page/preferences';
import { navigate, to, useRoute, type LinkSecret } from '../page/router';
import { useClient } from '../page/use-client';
import { classNames } from '../ui/class-names';
import { IconButton } from '../ui/button';
import { useToast } from '../ui/toasts';
import { useHeadingFocus } from '../ui/use-heading-focus';
import { ConnectionLines } from './connection-lines';
import { FirstRecovery } from './first-recovery';
import { FirstSetUp } from './first-set-up';
import { ListLines } from './list-lines';
import { Page } from './page';
import { Shortcuts } from './shortcuts';
import { UpdateLine } from './update-line';
import { useAppEvents } from './use-app-events';
import { useKeys } from './use-keys';
import { useNotifications } from './use-notifications';
import { usePresence } from './use-presence';
import { useUnreadBadge } from './use-unread-badge';
import styles from './shell.module.css';

/** The app with an open account: the list, and beside it (or instead of it, on a phone) the page of the address. */
export function Shell({
  session,
  link,
  onLinkUsed,
}: {
  readonly session: Extract<Session, { state: 'ready' }>;
  readonly link: LinkSecret | null;
  readonly onLinkUsed: () => void;
}) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const route = useRoute();
  const say = useToast();
  const drafts = useDrafts();
  const conversations = useLive(client.conversations);
  const contacts = useLive(client.contacts);
  const settings = useLive(client.settings);
  const [preferences] = usePreferences();
  const [search, setSearch] = useState('');
  const [shortcuts, setShortcuts] = useState(false);
  const [setsUp, setSetsUp] = useState(link?.kind === 'setup');
  const searchBox = useRef<HTMLInputElement>(null);
  const onPage = route.page !== 'list';
  const open = route.page === 'conversation' || route.page === 'info' ? route.id : null;

  useAppEvents();
  usePresence();
  useUnreadBadge(conversations);
  useNotifications(conversations);
  const lock = useCallback(() => {
    void saveDrafts();
    client.request('session.lock').catch((error: unknown) => say({ text: explain(error, t, formats) }));
  }, [client, say, t, formats]);
  useKeys(useMemo(() => ({ conversations, open, searchBox, lock, showShortcuts: () => setShortcuts(true) }), [conversations, open, lock]));

  // A notification that names nothing was opened: to what is unread.
  useEffect(() => {
    if (location.hash !== to.unread) return;
    // What is new may still be on its way; until it is there, the list stands here.
    const first = conversations.find(one => one.unread > 0 && one.state !== 'declined');
    if (first) navigate(to.conversation(first.id), true);
  }, [route, conversations]);

  const heading = useHeadingFocus(setsUp);

  // Back at the list, the focus that the page took along stands on the row it came from.
  const before = useRef(open);
  useEffect(() => {
    const from = before.current;
    before.current = open;
    if (onPage || !from || (document.activeElement && document.activeElement !== document.body)) return;
    document.querySelector<HTMLElement>(`[data-row][href="${to.conversation(from)}"]`)?.focus({ preventScroll: true });
  }, [onPage, open]);

  // A contact link that was opened: find whose it is, and open the conversation.
  useEffect(() => {
    if (!link) return;
    onLinkUsed();
    if (link.kind !== 'contact') return;
    void (async () => {
      try {
        const contact = await client.request('contacts.addByLink', { link: `${location.origin}/#contact=${link.secret}` });
        const conversation = await client.request('conversations.direct', { account: contact.account });
        navigate(to.conversation(conversation.id));
        say({ text: t.compose.verifiedByLink(contact.name) });
      } catch (error) {
        say({ text: explain(error, t, formats), stays: true });
      }
    })();
  }, [link, onLinkUsed, client, say, t, formats]);

  if (route.page === 'recovery' && settings?.recovery !== 'set' && conversations.length === 0) return <FirstRecovery />;
  if (setsUp) return <FirstSetUp onLater={() => setSetsUp(false)} />;

  return (
    <div className={classNames(styles.shell, onPage && styles.onPage)}>
      <div className={styles.side} data-pane role={onPage ? 'region' : 'main'} aria-label={t.list.title}>
        {route.page === 'conversation' && (
          <a className={styles.skip} href="#composer" onClick={event => (event.preventDefault(), document.querySelector<HTMLElement>('textarea')?.focus())}>
            {t.app.skipToChat}
          </a>
        )}
        <div className={styles.header}>
          <h1 className={styles.title} ref={heading} tabIndex={-1}>
            {t.list.title}
          </h1>
          <IconButton icon="lock" label={t.list.lock} onClick={lock} />
          <IconButton icon="settings" label={t.list.settings} onClick={() => navigate(to.settings)} />
          <IconButton icon="pencil" label={t.list.compose} onClick={() => navigate(to.new)} />
        </div>
        <ConnectionLines ended={session.ended !== null} />
        <UpdateLine />
        <ListLines />
        <ConversationList
          conversations={conversations}
          contacts={contacts}
          drafts={drafts}
          open={open}
          hidePreviews={preferences.hidePreviews}
          search={search}
          onSearch={setSearch}
          searchBox={searchBox}
        />
      </div>
      <div className={styles.main} data-pane role={onPage ? 'main' : 'region'} aria-label={onPage ? undefined : t.list.nothingOpen}>
        <div className={styles.lines}>
          <ConnectionLines ended={session.ended !== null} />
        </div>
        <Page route={route} me={session.me} />
      </div>
      {shortcuts && <Shortcuts onClose={() => setShortcuts(false)} />}
    </div>
  );
}
