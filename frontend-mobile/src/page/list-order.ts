import type { Conversation, Time } from '../client';

/** Whether nothing is announced of it now. */
export function isMuted({ mutedUntil }: Conversation, now: Time): boolean {
  return mutedUntil !== null && mutedUntil > now;
}

/** The list as it stands: what is on top first, then the newest activity; without what was put away or declined. */
export function inList(conversations: readonly Conversation[]): readonly Conversation[] {
  const shown = conversations.filter(one => one.state !== 'declined' && !one.archived);
  return [...shown.filter(one => one.pinned !== null).sort((a, b) => b.pinned! - a.pinned!), ...shown.filter(one => one.pinned === null)];
}

/** How many messages wait to be read, where that is to be announced; a conversation that was marked as unread counts as one. */
export function unreadOf(conversations: readonly Conversation[], now: Time): number {
  return conversations.reduce(
    (sum, one) => sum + (one.state === 'declined' || one.archived || isMuted(one, now) ? 0 : Math.max(one.unread, one.markedUnread ? 1 : 0)),
    0,
  );
}
