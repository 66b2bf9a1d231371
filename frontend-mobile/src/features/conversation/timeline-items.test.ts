import { expect, test } from 'vitest';
import { Pretend, id } from '../../../tests/pretend';
import { firstUnread, timelineItems } from './timeline-items';

const noon = new Date(2026, 10, 22, 12).getTime();
const minute = 60_000;

function conversation() {
  const world = new Pretend(noon);
  const awa = world.person(11, 'awa', 'Awa');
  const jean = world.person(12, 'jean', 'Jean');
  const { id: here } = world.group(100, 'Desk', [awa, jean]);
  return { world, awa, jean, here, messages: () => world.messages.get(here) ?? [] };
}

test('Messages of one author within five minutes are one run', () => {
  const { world, awa, jean, here, messages } = conversation();
  world.say(here, awa, 'one', { at: noon });
  world.say(here, awa, 'two', { at: noon + 4 * minute });
  world.say(here, awa, 'later', { at: noon + 10 * minute });
  world.say(here, jean, 'other', { at: noon + 11 * minute });
  const runs = timelineItems(messages(), null).flatMap(item => (item.type === 'message' ? [[item.first, item.last]] : []));
  expect(runs).toEqual([
    [true, false],
    [false, true],
    [true, true],
    [true, true],
  ]);
});

test('A day stands above its first message, and a line about the conversation ends a run', () => {
  const { world, awa, here, messages } = conversation();
  world.say(here, awa, 'yesterday', { at: noon - 24 * 60 * minute });
  world.say(here, awa, 'today', { at: noon });
  world.line(here, { kind: 'timer_changed', by: null, accounts: [], text: '60' }, noon + minute);
  world.say(here, awa, 'after', { at: noon + 2 * minute });
  expect(timelineItems(messages(), null).map(item => item.type)).toEqual(['day', 'message', 'day', 'message', 'system', 'message']);
  expect(timelineItems(messages(), null).at(-1)).toMatchObject({ first: true, last: true });
});

test('The line above what is unread splits a run, and counts only what others wrote', () => {
  const { world, awa, here, messages } = conversation();
  world.say(here, awa, 'read', { at: noon });
  const first = world.say(here, awa, 'unread', { at: noon + minute });
  world.say(here, null, 'mine', { at: noon + 2 * minute });
  world.line(here, { kind: 'renamed', by: null, accounts: [], text: 'Desk' }, noon + 3 * minute);
  world.say(here, awa, 'unread, too', { at: noon + 4 * minute });
  expect(firstUnread(messages(), 2)).toBe(first.id);
  expect(firstUnread(messages(), 4)).toBeNull();
  const items = timelineItems(messages(), { id: first.id, count: 2 });
  expect(items.map(item => item.type)).toEqual(['day', 'message', 'unread', 'message', 'message', 'system', 'message']);
  expect(items[1]).toMatchObject({ last: true });
  expect(id(1)).toHaveLength(32);
});
