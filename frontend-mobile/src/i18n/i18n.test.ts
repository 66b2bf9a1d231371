import { expect, test } from 'vitest';
import { KavalekError } from '../client';
import { ar } from './ar';
import { en, type Texts } from './en';
import { explain } from './explain';
import { Formats } from './formats';
import { fr } from './fr';
import { systemLine } from './system-line';

const english = new Formats(en, 'en-GB');
const french = new Formats(fr, 'fr-FR');
const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime();
const jean = { account: '1', name: 'Jean', me: false };
const me = { account: '2', name: 'Marie', me: true };
const plain = (text: string) => text.replace(/[\u2068\u2069]/g, '');

test('Every language has a text for every code that English has, and says nothing in English by mistake', () => {
  for (const other of [fr, ar]) {
    const translated = new Map(strings(other));
    expect(Object.keys(other.errors.byCode).sort()).toEqual(Object.keys(en.errors.byCode).sort());
    expect(Object.keys(other.audit.acts).sort()).toEqual(Object.keys(en.audit.acts).sort());
    // The keys themselves have the same names everywhere.
    expect(strings(en).filter(([path, text]) => text.length > 13 && !/shortcuts\.list\.\d+\.0$/.test(path) && translated.get(path) === text)).toEqual([]);
  }
});

test('A number takes the form of its language', () => {
  expect(en.list.unread(1)).toBe('1 unread message');
  expect(en.list.unread(0)).toBe('0 unread messages');
  expect(fr.list.unread(0)).toBe('0 message non lu');
  expect(fr.list.unread(2)).toBe('2 messages non lus');
  expect([0, 1, 2, 3, 11, 100].map(ar.chat.members)).toEqual(['0 أعضاء', 'عضو واحد', 'عضوان', '3 أعضاء', '11 عضوًا', '100 عضو']);
});

test('A time is as short as it can be understood', () => {
  const now = at(22, 15);
  expect(english.brief(at(22, 9), now)).toBe('09:00');
  expect(english.brief(at(21, 23), now)).toBe('Yesterday');
  expect(english.brief(at(18, 9), now)).toBe('Wed');
  expect(english.brief(at(1, 9), now)).toBe('1 Nov');
  expect(french.day(at(20, 9), now)).toBe('vendredi 20 novembre');
  expect(english.until(now + 26 * 3_600_000, now)).toBe('in 26 hours');
});

test('A duration is said in the largest unit that fits', () => {
  expect([30, 300, 3600, 28_800, 604_800, 2_419_200].map(seconds => english.duration(seconds))).toEqual([
    '30 seconds',
    '5 minutes',
    '1 hour',
    '8 hours',
    '1 week',
    '4 weeks',
  ]);
});

test('A line about the conversation names who did what, and me as you', () => {
  const line = (kind: Parameters<typeof systemLine>[0]['kind'], by: typeof jean | null, accounts: readonly (typeof jean)[], text: string | null = null) =>
    plain(systemLine({ type: 'system', kind, by, accounts, text }, en, english));
  expect(line('joined', me, [jean])).toBe('You added Jean');
  expect(line('joined', jean, [jean])).toBe('Jean joined');
  expect(line('removed', jean, [me])).toBe('Jean removed you');
  expect(line('role_changed', jean, [me], 'admin')).toBe('Jean made you an admin');
  expect(line('timer_changed', jean, [], '604800')).toBe('Jean set messages to end 1 week after they are sent');
  expect(line('timer_changed', jean, [], '0')).toBe('Jean set messages to stay');
  expect(line('messages_missing', null, [], '3')).toBe('3 messages are missing here. They come when they can be had again.');
});

test('French bends its verbs by who acts and whom it concerns', () => {
  const line = (by: typeof jean | null, accounts: readonly (typeof jean)[]) =>
    plain(systemLine({ type: 'system', kind: 'joined', by, accounts, text: null }, fr, french));
  expect(line(me, [jean])).toBe('Vous avez ajouté Jean');
  expect(line(jean, [me])).toBe('Jean vous a ajouté·e');
  expect(line(jean, [{ ...jean, account: '3', name: 'Awa' }])).toBe('Jean a ajouté Awa');
});

test('Arabic bends its verbs by whether it is the reader, and dates are those of the reader’s country', () => {
  const arabic = new Formats(ar, 'ar-EG-u-nu-latn');
  const line = (by: typeof jean | null, accounts: readonly (typeof jean)[]) =>
    plain(systemLine({ type: 'system', kind: 'removed', by, accounts, text: null }, ar, arabic));
  expect(line(me, [jean])).toBe('أزلتَ Jean');
  expect(line(jean, [me])).toBe('أزالك Jean');
  expect(line(jean, [{ ...jean, account: '3', name: 'ليلى' }])).toBe('أزال Jean ليلى');
  expect(arabic.day(at(20, 9), at(22, 9))).toBe('الجمعة، 20 نوفمبر');
  expect(new Formats(ar, 'ar-MA').day(at(20, 9), at(22, 9))).toContain('20 نونبر');
  expect(arabic.duration(172_800)).toBe('يومين');
});

test('Sizes read well, the smallest ones too', () => {
  expect([0, 1, 59, 999, 1_200, 999_960, 268_435_456].map(count => english.bytes(count))).toEqual([
    '0 bytes',
    '1 byte',
    '59 bytes',
    '999 bytes',
    '1.2 kB',
    '1 MB',
    '268.4 MB',
  ]);
  expect([0, 59, 1_200].map(count => french.bytes(count).replace(/\s/g, ' '))).toEqual(['0 octet', '59 octets', '1,2 ko']);
});

test('A name cannot turn the sentence around it', () => {
  expect(en.chat.requestFrom('\u202eeiraM')).toBe('\u2068\u202eeiraM\u2069 wants to talk with you');
});

test('An error says what happened, and whether it is certain that nothing changed', () => {
  expect(explain(new KavalekError({ code: 'offline', message: 'x', nothingChanged: true }), en, english)).toBe(en.errors.byCode['offline']);
  expect(explain(new KavalekError({ code: 'offline', message: 'x', nothingChanged: false }), fr, french)).toContain(fr.errors.uncertain);
  expect(explain(new KavalekError({ code: 'too_many_attempts', message: 'x', nothingChanged: true, retryAfter: 30 }), en, english)).toContain(
    'Try again in 30 seconds.',
  );
  expect(explain(new KavalekError({ code: 'wrong_password', message: 'x', nothingChanged: true, retryAfter: 0 }), en, english)).toBe(
    en.errors.byCode['wrong_password'],
  );
  expect(explain(new KavalekError({ code: 'brand_new', message: 'What the client said.', nothingChanged: true }), fr, french)).toBe('What the client said.');
  expect(explain(new KavalekError({ code: 'constructor', message: 'What the client said.', nothingChanged: true }), fr, french)).toBe('What the client said.');
  expect(explain(new TypeError('undefined is not'), en, english)).toBe(en.errors.byCode['internal']);
});

function strings(texts: Texts | object, path = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[`${path}.${key}`, value]] : typeof value === 'object' && value !== null ? strings(value as object, `${path}.${key}`) : [],
  );
}
