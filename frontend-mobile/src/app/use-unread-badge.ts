import { useEffect } from 'react';
import type { Conversation } from '../client';
import { useTexts } from '../i18n';
import { unreadOf } from '../page/list-order';
import { useNow } from '../page/use-now';

/** The number of unread messages, those of muted conversations aside, in the title of the tab and on the app's icon. */
export function useUnreadBadge(conversations: readonly Conversation[]): void {
  const t = useTexts();
  const now = useNow(60_000);
  const unread = unreadOf(conversations, now);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${t.app.name}` : t.app.name;
    if ('setAppBadge' in navigator) void (unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge()).catch(() => undefined);
  }, [unread, t]);
}
