import { useEffect, useRef } from 'react';
import type { Conversation } from '../client';
import { useTexts } from '../i18n';
import { renewWakeUps } from '../page/notifications';
import { usePreferences } from '../page/preferences';
import { to } from '../page/router';
import { tellServiceWorker } from '../page/service-worker';
import { useClient } from '../page/use-client';
import { noteWords } from './note-words';

/** Tells what comes in while nobody looks, as much of it as was chosen; takes it away again once it is read, here or on another device. */
export function useNotifications(conversations: readonly Conversation[]): void {
  const t = useTexts();
  const client = useClient();
  const [{ notes }] = usePreferences();
  const unread = useRef<ReadonlySet<string>>(new Set());
  const known = useRef(conversations);
  useEffect(() => {
    known.current = conversations;
  }, [conversations]);

  useEffect(() => {
    void renewWakeUps(client);
  }, [client]);

  useEffect(
    () =>
      client.onEvent(event => {
        if (event.type !== 'message.added' || event.message.mine || event.message.state !== 'received') return;
        if (event.message.body.type !== 'text' || notes === 'none' || !('Notification' in window) || Notification.permission !== 'granted') return;
        const conversation = known.current.find(one => one.id === event.message.conversation);
        if (conversation && (conversation.state === 'declined' || (conversation.mutedUntil ?? 0) > Date.now())) return;
        const said = noteWords(event.message, conversation, notes, t.notifications.plain);
        tellServiceWorker({
          kind: 'show',
          note: { id: event.message.id, conversation: event.message.conversation, address: to.conversation(event.message.conversation), ...said },
        });
      }),
    [client, notes, t],
  );

  useEffect(() => {
    const now = new Set(conversations.filter(one => one.unread > 0 && one.state !== 'declined').map(one => one.id));
    const read = [...unread.current].filter(id => !now.has(id));
    if (read.length > 0 || (now.size === 0 && conversations.length > 0)) tellServiceWorker({ kind: 'read', conversations: read, all: now.size === 0 });
    unread.current = now;
  }, [conversations]);
}
