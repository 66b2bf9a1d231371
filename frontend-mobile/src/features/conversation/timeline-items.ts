import type { Message, MessageId } from '../../client';
import { sameDay } from '../../i18n/formats';

/** What stands below one another in a conversation. */
export type TimelineItem =
  | { readonly type: 'day'; readonly key: string; readonly at: number }
  | { readonly type: 'unread'; readonly key: 'unread'; readonly count: number }
  | { readonly type: 'system'; readonly key: MessageId; readonly message: Message }
  /** `first` and `last` of a run of one author: one name and tile, tight spacing. */
  | { readonly type: 'message'; readonly key: MessageId; readonly message: Message; readonly first: boolean; readonly last: boolean };

const runGap = 5 * 60_000;

/** The items of these messages, oldest first; `unread` names the first one that was unread when the conversation was opened. */
export function timelineItems(messages: readonly Message[], unread: { readonly id: MessageId; readonly count: number } | null): readonly TimelineItem[] {
  const items: TimelineItem[] = [];
  messages.forEach((message, at) => {
    const before = messages[at - 1];
    const after = messages[at + 1];
    if (!before || !sameDay(before.sentAt, message.sentAt)) items.push({ type: 'day', key: `day-${message.id}`, at: message.sentAt });
    if (unread?.id === message.id) items.push({ type: 'unread', key: 'unread', count: unread.count });
    if (message.body.type === 'system') {
      items.push({ type: 'system', key: message.id, message });
      return;
    }
    const first = !before || unread?.id === message.id || !sameRun(before, message);
    const last = !after || unread?.id === after.id || !sameRun(message, after);
    items.push({ type: 'message', key: message.id, message, first, last });
  });
  return items;
}

/** The first of the newest `count` messages of others; `null` where not all of them are loaded. */
export function firstUnread(messages: readonly Message[], count: number): MessageId | null {
  let left = count;
  for (let at = messages.length - 1; at >= 0 && left > 0; at--) {
    const message = messages[at]!;
    if (message.mine || message.body.type !== 'text') continue;
    if (--left === 0) return message.id;
  }
  return null;
}

function sameRun(one: Message, other: Message): boolean {
  return (
    one.body.type === 'text' &&
    other.body.type === 'text' &&
    one.sender.account === other.sender.account &&
    one.passedOnBy?.account === other.passedOnBy?.account &&
    Math.abs(other.sentAt - one.sentAt) < runGap &&
    sameDay(one.sentAt, other.sentAt)
  );
}
