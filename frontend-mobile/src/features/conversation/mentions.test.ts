import { expect, test } from 'vitest';
import type { Member } from '../../client';
import { matching, mentionsIn, naming } from './mentions';

const member = (account: string, name: string, handle: string, me = false): Member => ({
  contact: { account, handle, displayName: name, name, trust: 'unverified', blocked: false, added: true },
  role: 'member',
  devices: 1,
  me,
  pending: 'none',
});
const members = [member('1', 'Jean', 'jean'), member('2', 'Jean Marc', 'jm'), member('3', 'Élodie', 'elo'), member('4', 'Moi', 'moi', true)];

test('whoever is called exactly so behind an @ is named, by the longest name', () => {
  expect(mentionsIn('@Jean Marc and @Jean, @elo!', members)).toEqual([
    { account: '2', start: 0, length: 10 },
    { account: '1', start: 15, length: 5 },
    { account: '3', start: 22, length: 4 },
  ]);
  expect(mentionsIn('jean@Jean @Jeanne @ @nobody', members)).toEqual([]);
  expect(mentionsIn(`${'@Jean '.repeat(70)}`, members)).toHaveLength(64);
});

test('what stands behind an @ at the caret is looked for in names and handles, without accents', () => {
  expect(naming('hello @el', 9)).toEqual({ start: 6, query: 'el' });
  expect(naming('mail@el', 7)).toBeNull();
  expect(naming('@ no', 4)).toBeNull();
  expect(matching(members, 'el').map(one => one.contact.account)).toEqual(['3']);
  expect(matching(members, 'marc').map(one => one.contact.account)).toEqual(['2']);
  expect(matching(members, '').map(one => one.contact.account)).toEqual(['1', '2', '3']);
});
