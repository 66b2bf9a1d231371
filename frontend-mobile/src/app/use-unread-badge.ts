import { useEffect } from 'react';
import type { Conversation } from '../client';
import { useTexts } from '../i18n';

/** The number of unread messages in the title of the tab and on the app's icon. */
export function useUnreadBadge(conversations: readonly Conversation[]): void {
  const t = useTexts();
  const unread = conversations.reduce((sum, one) => sum + (one.state === 'declined' ? 0 : one.unread), 0);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${t.app.name}` : t.app.name;
    if ('setAppBadge' in navigator) void (unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge()).catch(() => undefined);
  }, [unread, t]);
}
