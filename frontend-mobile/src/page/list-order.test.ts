import { expect, test } from 'vitest';
import { Pretend } from '../../tests/pretend';
import { inList, isMuted, unreadOf } from './list-order';

test('What is on top stands first, what was put away does not stand in the list, and muted ones do not count', () => {
  const world = new Pretend(0);
  const [a, b] = [world.person(2, 'a', null), world.person(3, 'b', null)];
  const conversations = [
    world.direct(1, a, { unread: 2 }),
    world.direct(2, b, { pinned: 5, unread: 3, mutedUntil: 100 }),
    world.group(3, 'three', [], { pinned: 9, markedUnread: true }),
    world.group(4, 'four', [], { archived: true, unread: 7 }),
    world.group(5, 'five', [], { state: 'declined', unread: 7 }),
  ];
  expect(inList(conversations).map(one => one.id)).toEqual([conversations[2], conversations[1], conversations[0]].map(one => one!.id));
  expect([unreadOf(conversations, 50), unreadOf(conversations, 100)]).toEqual([3, 6]);
  expect([isMuted(conversations[1]!, 99), isMuted(conversations[1]!, 100), isMuted(conversations[0]!, 0)]).toEqual([true, false, false]);
});
