import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { start } from '../src/app/start';
import { Client } from '../src/client';
import { navigate, to } from '../src/page/router';
import { error, id, newsroom, type Pretend } from './pretend';

const now = new Date(2026, 10, 22, 12).getTime();
let world: Pretend;
let root: Root;
const page = () => document.body;
const button = (name: string) => [...page().querySelectorAll('button')].find(one => one.textContent === name || one.getAttribute('aria-label') === name)!;
const settle = () => act(async () => void (await new Promise(resolve => setTimeout(resolve, 0))));
const click = async (element: HTMLElement) => {
  act(() => element.click());
  await settle();
};
const type = (field: HTMLInputElement | HTMLTextAreaElement, text: string) =>
  act(() => {
    const prototype = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
    Object.getOwnPropertyDescriptor(prototype, 'value')!.set!.call(field, text);
    field.dispatchEvent(new Event('input', { bubbles: true }));
  });
const calls = (method: string) => world.calls.filter(call => call.method === method).map(call => call.params);

beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  localStorage.clear();
  navigate(to.list, true);
  world = newsroom(now);
});

afterEach(() => {
  vi.useRealTimers();
  act(() => root.unmount());
  document.body.replaceChildren();
});

async function open(): Promise<void> {
  const element = document.createElement('div');
  document.body.append(element);
  root = createRoot(element);
  act(() => start(root, new Client(world)));
  await settle();
}

test('The list shows requests above the rest, and the title of the tab counts what is unread', async () => {
  await open();
  expect([...page().querySelectorAll('[data-row]')].map(row => row.querySelector('bdi')?.textContent)).toEqual([
    '@tom_k',
    'Bureau des enquêtes',
    'Jean',
    'ليلى',
    'Inès',
    'Dimanche chez Mamie',
    'Old office',
  ]);
  expect(document.title).toBe('(131) Kavalek');
});

test('A text is sent as it was typed and the box is empty; one that was refused comes back with the reason', async () => {
  navigate(to.conversation(id(101)));
  await open();
  const box = page().querySelector('textarea')!;
  type(box, 'See you at noon');
  await click(button('Send'));
  expect(calls('conversation.send')).toEqual([{ mentions: [], conversation: id(101), text: 'See you at noon', replyTo: null }]);
  expect(box.value).toBe('');
  expect(page().querySelector('[role=log]')?.textContent).toContain('See you at noon');

  world.handlers['conversation.send'] = () => {
    throw error('offline');
  };
  type(box, 'And bring the key');
  await click(button('Send'));
  expect(box.value).toBe('And bring the key');
  expect(page().textContent).toContain('The server cannot be reached.');
});

test('A text that is refused while one looks at something else is there again, also when the window that had the account went away', async () => {
  navigate(to.conversation(id(101)));
  await open();
  const refusals: ((code: ReturnType<typeof error>) => void)[] = [];
  world.handlers['conversation.send'] = () => new Promise((_, refuse) => refusals.push(refuse));
  const look = async (at: string) => {
    act(() => navigate(at));
    await settle();
  };
  type(page().querySelector('textarea')!, 'Not to be lost');
  await click(button('Send'));
  await look(to.settings);
  refusals[0]!(error('quota_exceeded'));
  await settle();
  await look(to.conversation(id(101)));
  expect(page().querySelector('textarea')!.value).toBe('Not to be lost');

  await click(button('Send'));
  await look(to.list);
  act(() => world.become({ state: 'starting' }));
  refusals[1]!(error('interrupted'));
  act(() => world.become({ state: 'locked', why: 'start' }));
  await settle();
  expect(page().textContent).toContain('The tab that had Kavalek open is closed');
  type(page().querySelector<HTMLInputElement>('input[name=password]')!, 'correct horse battery');
  await click(button('Unlock'));
  await look(to.conversation(id(101)));
  expect(page().querySelector('textarea')!.value).toBe('Not to be lost');

  // Locked by somebody, nothing is kept in the page.
  await click(button('Send'));
  await look(to.list);
  await click(button('Lock'));
  refusals[2]!(error('not_open'));
  await settle();
  type(page().querySelector<HTMLInputElement>('input[name=password]')!, 'correct horse battery');
  await click(button('Unlock'));
  await look(to.conversation(id(101)));
  expect(page().querySelector('textarea')!.value).toBe('');
});

test('Enter sends, Shift and Enter do not, nor Enter while an input method composes', async () => {
  navigate(to.conversation(id(101)));
  await open();
  const box = page().querySelector('textarea')!;
  const press = async (init: KeyboardEventInit & { keyCode?: number }) => {
    act(() => void box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init })));
    await settle();
  };
  window.matchMedia = query => ({ matches: query.includes('fine'), addEventListener() {}, removeEventListener() {} }) as unknown as MediaQueryList;
  type(box, 'かな');
  await press({ isComposing: true });
  await press({ shiftKey: true });
  expect(calls('conversation.send')).toEqual([]);
  await press({});
  expect(calls('conversation.send')).toHaveLength(1);
});

test('A draft stays with its conversation, and is said in the list', async () => {
  navigate(to.conversation(id(101)));
  await open();
  type(page().querySelector('textarea')!, 'half a thought');
  act(() => navigate(to.conversation(id(100))));
  await settle();
  expect(page().querySelector('textarea')!.value).toBe('');
  expect([...page().querySelectorAll('[data-row]')].find(row => row.textContent?.includes('Jean'))?.textContent).toContain('Draft: half a thought');
  act(() => navigate(to.conversation(id(101))));
  await settle();
  expect(page().querySelector('textarea')!.value).toBe('half a thought');
});

test('Two sendings of equal size show how far each of them is, and each is cancelled by itself', async () => {
  navigate(to.conversation(id(101)));
  await open();
  world.handlers['conversation.sendFiles'] = () => new Promise(() => undefined);
  const send = async (name: string) => {
    const picker = page().querySelector<HTMLInputElement>('[data-file-picker]')!;
    Object.defineProperty(picker, 'files', { configurable: true, value: [new File([new Uint8Array(1_000)], name)] });
    act(() => void picker.dispatchEvent(new Event('change', { bubbles: true })));
    await settle();
    await click(button('Send'));
  };
  await send('one.bin');
  await send('two.bin');
  const bars = () => [...page().querySelectorAll<HTMLProgressElement>('#composer progress')];
  const [one, two] = calls('conversation.sendFiles').map(params => (params as { sending: string }).sending);
  act(() => world.tell({ type: 'sending', sending: { sending: two!, done: 700 } }));
  expect(bars().map(bar => bar.value)).toEqual([0, 700]);
  act(() => world.tell({ type: 'sending', sending: { sending: one!, done: 200 } }));
  expect(bars().map(bar => bar.value)).toEqual([200, 700]);
  await click(bars()[1]!.parentElement!.querySelector('button')!);
  expect(calls('conversation.cancelFiles')).toEqual([{ sending: two }]);
});

test('What is written and cannot be kept is said to be so, until it can', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  navigate(to.conversation(id(101)));
  await open();
  const later = () => act(() => vi.advanceTimersByTimeAsync(1_000));
  const keep = world.handlers['drafts.set']!;
  world.handlers['drafts.set'] = () => {
    throw error('too_large');
  };
  type(page().querySelector('textarea')!, 'long');
  expect(page().textContent).not.toContain('could be kept');
  await later();
  expect(page().querySelector('#composer [role=alert]')?.textContent).toContain('Not all of what you are writing could be kept.');
  world.handlers['drafts.set'] = keep;
  type(page().querySelector('textarea')!, 'short');
  await later();
  expect(page().textContent).not.toContain('could be kept');
});

test('Locking leaves nothing of a conversation in the page, and a wrong password says so', async () => {
  navigate(to.conversation(id(101)));
  await open();
  await click(button('Lock'));
  expect(page().textContent).not.toMatch(/Jean|lawyer|newsroom/);
  expect(document.title).toBe('Kavalek');
  const password = page().querySelector<HTMLInputElement>('input[name=password]')!;
  type(password, 'wrong');
  await click(button('Unlock'));
  expect(page().textContent).toContain('This is not the password. Your messages are safe; try again.');
  type(password, 'correct horse battery');
  await click(button('Unlock'));
  expect(page().textContent).toContain('Jean');
});

test('A request is answered before anything can be written, and declining it hides it', async () => {
  navigate(to.conversation(id(104)));
  await open();
  expect(page().querySelector('textarea')).toBeNull();
  await click(button('Decline'));
  expect(calls('conversation.decline')).toEqual([{ conversation: id(104), block: false }]);
  expect(page().querySelector('[data-row]')?.textContent).not.toContain('tom_k');
});

test('An invitation leaves the address at once, what is wrong is said beside its field, and the recovery key comes next', async () => {
  world.session = { state: 'empty' };
  world.recovery = 'none';
  world.conversations = [];
  navigate('#invite=s3cr3t', true);
  await open();
  expect(location.hash).toBe('#/');
  const field = (name: string) => page().querySelector<HTMLInputElement>(`input[name=${name}]`)!;
  type(field('handle'), 'M');
  type(field('email'), 'nowhere');
  type(field('password'), 'short');
  await click(button('Create account'));
  expect(page().querySelectorAll('[aria-invalid=true]')).toHaveLength(3);
  expect(calls('session.signUp')).toEqual([]);
  type(field('handle'), '@Marie');
  type(field('email'), 'marie@example.org');
  type(field('password'), 'correct horse battery');
  world.handlers['session.signUp'] = () => world.become({ state: 'ready', me: world.me, ended: null });
  await click(button('Create account'));
  expect(calls('session.signUp')).toEqual([
    { invite: 's3cr3t', email: 'marie@example.org', handle: 'marie', password: 'correct horse battery', displayName: null },
  ]);

  await click(button('Make a recovery key'));
  expect(page().textContent).toContain('lantern');
  await click(button('I have written them down'));
  expect(page().textContent).not.toContain('lantern');
  const words = 'abandon brisk candle dune ember fabric garden harbor island jungle kernel lantern'.split(' ');
  const asked = [...page().querySelectorAll<HTMLInputElement>('input[name^=word]')];
  expect(asked).toHaveLength(2);
  type(asked[0]!, 'wrong');
  await click(button('Confirm'));
  expect(calls('recovery.use')).toEqual([]);
  for (const one of asked) type(one, words[Number(one.name.slice(4))]!);
  await click(button('Confirm'));
  expect(calls('recovery.use')).toHaveLength(1);
});

test('What others wrote is text: no element, no handler, no address of it comes to be', async () => {
  const payloads = [
    '<img src=x onerror=alert(1)>',
    '<script>alert(1)</script>',
    'javascript:alert(1)',
    '<svg onload=alert(1)>',
    '"><iframe src=//evil.example>',
    '{{constructor}}',
  ];
  const [jean] = world.contacts;
  for (const text of payloads) {
    world.say(id(101), jean!, text);
    world.change(id(101), { title: text });
    world.group(200 + payloads.indexOf(text), text, [{ ...jean!, name: text }]);
    world.line(id(101), { kind: 'renamed', by: { account: jean!.account, name: text, me: false }, accounts: [], text });
  }
  navigate(to.conversation(id(101)));
  await open();
  expect(page().textContent).toContain('<img src=x onerror=alert(1)>');
  expect(page().querySelectorAll('img, script, iframe, svg[onload], [onerror], [style]:not(textarea)')).toHaveLength(0);
  expect([...page().querySelectorAll('a')].map(link => link.protocol).filter(protocol => !/^https?:$/.test(protocol))).toEqual([]);
});

test('A key that changed is said above the messages, and nothing can be sent until somebody decided', async () => {
  navigate(to.conversation(id(103)));
  await open();
  expect(page().querySelector('[role=alert]')?.textContent).toContain('The key of ⁨Inès⁩ changed');
  const box = page().querySelector('textarea')!;
  type(box, 'kept');
  expect(button('Send').disabled).toBe(true);
  await click(button('Go on without comparing'));
  expect(calls('contacts.acceptKey')).toEqual([{ account: id(14) }]);
  expect(box.value).toBe('kept');
});

test('In French everything is French, and the page says so to whoever reads it out', async () => {
  localStorage.setItem('kavalek.language', 'fr');
  navigate(to.settings);
  await open();
  expect(document.documentElement.lang).toBe('fr');
  expect(page().textContent).toContain('Verrouillage automatique');
  expect(page().textContent).not.toMatch(/\b(Settings|Devices|Lock|Name)\b/);
});

test('A reaction is added and taken back by a click, and its name says who reacted', async () => {
  navigate(to.conversation(id(100)));
  await open();
  const thumbs = () => [...page().querySelectorAll<HTMLButtonElement>('ul[aria-label=Reactions] button')].find(one => one.textContent?.startsWith('👍'))!;
  expect(thumbs().textContent?.replace(/[\u2068\u2069]/g, '')).toBe('👍2by Jean and Sam');
  await click(thumbs());
  expect(calls('message.react')).toMatchObject([{ emoji: '👍' }]);
  expect(thumbs().getAttribute('aria-pressed')).toBe('true');
  await click(thumbs());
  expect(calls('message.react')).toMatchObject([{ emoji: '👍' }, { emoji: null }]);
});

test('The arrow up in an empty box edits the last own message, and Escape gives back what was begun', async () => {
  navigate(to.conversation(id(101)));
  await open();
  const box = page().querySelector('textarea')!;
  const key = async (name: string) => {
    act(() => void box.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true })));
    await settle();
  };
  type(box, 'kept');
  await key('ArrowUp');
  expect(box.value).toBe('kept');
  type(box, '');
  await key('ArrowUp');
  expect(box.value).toContain('sha256');
  await key('Escape');
  expect(box.value).toBe('');
  await key('ArrowUp');
  type(box, 'Other words');
  await click(button('Save'));
  expect(calls('message.edit')).toMatchObject([{ text: 'Other words', mentions: [] }]);
  expect(box.value).toBe('');
  expect(page().querySelector('[role=log]')?.textContent).toContain('edited');
  // What ends while it is edited leaves no words behind.
  await key('ArrowUp');
  expect(box.value).toBe('Other words');
  const [{ message }] = calls('message.edit') as [{ message: string }];
  act(() => world.tell({ type: 'message.removed', conversation: id(101), message }));
  await settle();
  expect(page().querySelector('#composer')?.textContent).not.toContain('Other words');
  expect(box.value).toBe('');
});

test('Whoever is chosen behind an @ is named in what is sent, and a message that names me says so', async () => {
  navigate(to.conversation(id(100)));
  await open();
  const me = [...page().querySelectorAll('[role=log] bdi')].find(one => one.textContent === '@Marie');
  expect(me?.className).toContain('me');
  const box = page().querySelector('textarea')!;
  type(box, 'Ask @sa');
  await settle();
  expect([...page().querySelectorAll('[role=option]')].map(one => one.querySelector('bdi')?.textContent)).toEqual(['Sam']);
  act(() => void box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })));
  await settle();
  expect(box.value).toBe('Ask @Sam ');
  await click(button('Send'));
  expect(calls('conversation.send')).toMatchObject([{ text: 'Ask @Sam', mentions: [{ account: id(15), start: 4, length: 4 }] }]);
});

test('A message of somebody else is reported to those who are named first, and never to its writer', async () => {
  const [writer, other] = [world.contacts[0]!, world.contacts[1]!];
  const theirs = world.say(id(101), writer, 'I know where you live');
  const mine = world.say(id(101), null, 'and I you');
  const one = (contact: typeof other) => ({ contact, rank: 'moderator' as const, since: now, givenBy: 'olga' });
  world.handlers['reports.moderators'] = () => ({ shown: 7, all: [one(other), one(writer)], changed: [], logWhole: true });
  navigate(to.conversation(id(101)));
  await open();
  const row = (message: string) => page().querySelector<HTMLElement>(`[data-message="${message}"]`)!;
  await click(row(mine.id).querySelector<HTMLElement>('[aria-label="Message menu"]')!);
  expect(button('Report…')).toBeUndefined();
  act(() => void page().dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })));
  await settle();
  await click(row(theirs.id).querySelector<HTMLElement>('[aria-label="Message menu"]')!);
  await click(button('Report…'));
  const dialog = page().querySelector('dialog')!;
  expect(dialog.textContent).toContain('made so by @olga');
  expect(dialog.querySelectorAll('ul[aria-labelledby] li')).toHaveLength(1);
  expect(calls('message.report')).toEqual([]);
  await click(button('Report'));
  expect(calls('message.report')).toEqual([{ conversation: id(101), messages: [theirs.id], reason: 'harassment', words: '', shown: 7 }]);
});

test('A message is deleted for everybody or for me, one that failed is sent again or removed', async () => {
  const failed = world.say(id(101), null, 'did not go', { state: 'failed' });
  const mine = world.say(id(101), null, 'slip of the tongue');
  navigate(to.conversation(id(101)));
  await open();
  const row = (message: string) => page().querySelector<HTMLElement>(`[data-message="${message}"]`)!;
  await click(row(mine.id).querySelector<HTMLElement>('[aria-label="Message menu"]')!);
  await click(button('Delete…'));
  await click(button('Delete for everybody'));
  expect(calls('message.delete')).toEqual([{ conversation: id(101), messages: [mine.id], forEveryone: true }]);
  expect(row(mine.id).textContent).toContain('You deleted this message');
  await click([...row(failed.id).querySelectorAll('button')].find(one => one.textContent === 'Send again')!);
  expect(calls('message.retry')).toEqual([{ conversation: id(101), message: failed.id }]);
  expect(row(failed.id)).toBeNull();
});

test('Every member reads what was done on the server, in words, and an act that is not known stands as text', async () => {
  navigate(to.audit);
  await open();
  const text = () => page().textContent!.replace(/[\u2066-\u2069]/g, '');
  expect(text()).toContain('@marie made @jean moderator · 1 invitation ended with it');
  expect(text()).toContain('a deleted account <b>new');
  expect(page().querySelector('ol b')).toBeNull();
  expect(text()).toContain('Each line follows from the one before');
  // Changed is said as long as the page stands, though the client says it once.
  const before = world.handlers['audit.list']!;
  world.handlers['audit.list'] = async params => ({ ...(await before(params)), whole: false });
  navigate(to.settings);
  await settle();
  navigate(to.audit);
  await settle();
  expect(text()).toContain('something was changed or taken out of it');
});

test('In Arabic, whose texts are fetched, the page is mirrored and says so', async () => {
  localStorage.setItem('kavalek.language', 'ar');
  navigate(to.settings);
  await import('../src/i18n/ar');
  await open();
  expect([document.documentElement.lang, document.documentElement.dir]).toEqual(['ar', 'rtl']);
  expect(page().textContent).toContain('القفل التلقائي');
  expect(page().textContent).not.toMatch(/\b(Settings|Devices|Lock|Name)\b/);
});

test('What comes in is read out once, also when it says the same again, and all of what comes in together', async () => {
  navigate(to.conversation(id(101)));
  await open();
  const jean = world.contacts[0]!;
  const said = () => [...page().querySelectorAll('[role=status] > span')].at(-1)!;
  act(() => void world.say(id(101), jean, 'Yes', { at: now }));
  await settle();
  expect(said().textContent).toBe('Jean: Yes');
  const before = said();
  act(() => void world.say(id(101), jean, 'Yes', { at: now }));
  await settle();
  expect(said().textContent).toBe('Jean: Yes');
  expect(said()).not.toBe(before);
  act(() => {
    for (const word of ['one', 'two', 'three', 'four']) world.say(id(101), jean, word, { at: now });
  });
  await settle();
  expect(said().textContent).toBe('4 new messages\nJean: two\nJean: three\nJean: four');
});

// K-75
test('What was read out does not stay in the page', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  navigate(to.conversation(id(101)));
  await open();
  act(() => void world.say(id(101), world.contacts[0]!, 'Gone soon', { at: now }));
  await settle();
  const said = () => [...page().querySelectorAll('[role=status] > span')].at(-1)!;
  expect(said().textContent).toBe('Jean: Gone soon');
  await act(() => vi.advanceTimersByTimeAsync(15_000));
  expect(said().textContent).toBe('');
});

// K-43
test('Digits that are being compared do not change under somebody’s eyes, and verify nothing once the key is another', async () => {
  const { account } = world.contacts[0]!;
  world.trust(account, 'unverified');
  navigate(to.safety(account));
  await open();
  expect(page().textContent).toContain('30147');
  const { qr } = world.handlers['contacts.safetyNumber']!({ account }) as { qr: string };
  world.handlers['contacts.safetyNumber'] = () => ({ groups: ['99999'], qr });
  act(() => void world.trust(account, 'changed'));
  await settle();
  expect(page().textContent).toContain('Their key has just changed.');
  expect(page().textContent).toContain('30147');
  expect(page().textContent).not.toContain('99999');
  expect(button('They are the same').disabled).toBe(true);
  await click(button('Show the new digits'));
  expect(page().textContent).toContain('99999');
  expect(button('They are the same').disabled).toBe(false);
});

test('The focus goes along: to the title of a page that opens, and back to the row of the conversation one comes from', async () => {
  await open();
  act(() => navigate(to.settings));
  await settle();
  expect(document.activeElement?.textContent).toBe('Settings');
  act(() => navigate(to.conversation(id(101))));
  await settle();
  act(() => (document.activeElement as HTMLElement).blur());
  act(() => navigate(to.list));
  await settle();
  expect(document.activeElement?.getAttribute('href')).toBe(to.conversation(id(101)));
});

test('A sign in the list has its word, for those who do not see it', async () => {
  await open();
  const row = (name: string) => [...page().querySelectorAll('[data-row]')].find(one => one.querySelector('bdi')?.textContent === name)!;
  expect(row('Jean').textContent).toContain('Verified');
  expect(row('Inès').textContent).toContain('Their key changed');
});

test('A dialog stays when what began inside it ends beside it, and goes on a click beside it', async () => {
  navigate(to.conversation(id(101)));
  await open();
  await click(page().querySelector<HTMLElement>('[data-message] [aria-label="Message menu"]')!);
  const dialog = () => page().querySelector('dialog');
  const press = (on: Element) => act(() => void on.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true })));
  press(dialog()!.querySelector('button')!);
  await click(dialog()!);
  expect(dialog()).not.toBeNull();
  press(dialog()!);
  await click(dialog()!);
  expect(dialog()).toBeNull();
});

test('A log of the server that is not the one seen before is said above the list, also before the recovery key, and leads to it', async () => {
  world.auditBroken = true;
  world.recovery = 'none';
  await open();
  const line = page().querySelector('[role=alert]')!;
  expect(line.textContent).toContain('The log of what was done on this server is not the one this device saw before.');
  await click(button('Look at it'));
  expect(location.hash).toBe(to.audit);
});
