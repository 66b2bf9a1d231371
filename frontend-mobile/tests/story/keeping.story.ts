import { expect, test } from 'vitest';
import { accept, invitation, writeTo } from './meeting';
import { desktop, phone, type Person } from './person';
import { setStage } from './stage';

const stage = setStage();
const box = (person: Person) => person.page.locator('input[type=search]').first();
const row = (person: Person, name: string) => person.page.locator('[data-row]:not([data-hit])').filter({ hasText: name });
const hit = (person: Person, text: string) => person.page.locator('[data-hit]').filter({ hasText: text });

/** Opens the menu of what is there as a finger does that stays. */
async function holdDown(person: Person, name: string): Promise<void> {
  const at = (await row(person, name).boundingBox())!;
  const touch = await person.context.newCDPSession(person.page);
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: at.x + 120, y: at.y + 20 }] });
  await person.page.getByRole('menu').waitFor();
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await touch.detach();
}

test('What was said is found again, what was begun outlives a reload, and the list is kept in order, at a desk and on a phone', async () => {
  const marie = await stage.arrive('marie-keeps', { size: desktop });
  // What the system would draw on the icon of the installed app: a browser without one keeps it to itself.
  await marie.page.addInitScript(() => {
    const page = globalThis as { badge?: number };
    navigator.setAppBadge = count => Promise.resolve(void (page.badge = count ?? 0));
    navigator.clearAppBadge = () => Promise.resolve(void (page.badge = 0));
  });
  const badge = () => marie.page.evaluate(() => (globalThis as { badge?: number }).badge);
  await marie.signUp(stage.server.setup, 'marie', 'Marie');
  await marie.sees('No conversations yet');
  const jean = await stage.arrive('jean-keeps', { size: phone, dark: true });
  await jean.signUp(await invitation(marie, stage.server), 'jean', 'Jean');
  await jean.sees('No conversations yet');
  await writeTo(jean, stage.server, 'marie', 'The élèves arrive at the harbour at noon');
  await accept(marie, stage.server);
  for (let n = 1; n <= 3; n++) await marie.send(`Harbour note ${n}`);
  await marie.page.goto(`${stage.server.origin}/#/new/group`);
  await marie.page.getByLabel('Title').fill('Archive of plans');
  await marie.button('Create group').click();
  await marie.page.locator('textarea').waitFor();
  await marie.send('Harbour plan, first version');

  // Everything is found from one box: chats, people and messages, whatever the accents
  await marie.page.keyboard.press('Control+k');
  await marie.page.keyboard.type('eleves harb');
  await hit(marie, 'noon').waitFor();
  await expect.poll(() => marie.page.locator('[data-hit] mark').allTextContents()).toEqual(['élèves', 'harb']);
  await box(marie).fill('plan');
  await hit(marie, 'first version').waitFor();
  await row(marie, 'Archive of plans').waitFor();
  await expect.poll(() => row(marie, 'Jean').count()).toBe(0);
  await marie.isAccessible('search');
  await box(marie).fill('nothing says this');
  await marie.sees(/Nothing found/);
  await marie.isAccessible('search-nothing');
  await box(marie).fill('@jean eleves');
  await hit(marie, 'noon').click();
  await marie.page.locator('[role=log] li', { hasText: 'élèves' }).waitFor();
  await box(marie).fill('');

  // From pane to pane by F6
  const focusIsOn = (what: 'input' | 'textarea' | 'a') => expect.poll(() => marie.page.evaluate(() => document.activeElement?.localName)).toBe(what);
  await focusIsOn('input');
  await marie.page.keyboard.press('F6');
  await focusIsOn('textarea');
  await marie.page.keyboard.press('F6');
  await focusIsOn('a');

  // In one conversation, from match to match
  await marie.page.keyboard.press('Control+f');
  await marie.page.keyboard.type('harbour');
  await marie.sees('1 of 4');
  await marie.page.keyboard.press('Enter');
  await marie.sees('2 of 4');
  await marie.button('Newer match').click();
  await marie.sees('1 of 4');
  await marie.isAccessible('find');
  await marie.page.keyboard.press('Escape');

  // A draft, with what it answers: kept as soon as another tab sees it, and back after a reload
  await marie.page
    .locator('[role=log] li', { hasText: 'élèves' })
    .locator('[data-bubble]')
    .click({ button: 'right', position: { x: 12, y: 8 } });
  await marie.page.getByRole('menuitem', { name: 'Reply' }).click();
  await marie.page.locator('textarea').fill('a thought that stays');
  await row(marie, 'Archive of plans').click();
  await marie.sees('a thought that stays');
  await marie.isAccessible('draft');
  const tab = await marie.tab();
  await tab.page.goto(`${stage.server.origin}/#/`);
  await tab.sees('a thought that stays');
  await tab.page.close();
  await marie.page.reload();
  await marie.page.locator('input[name=password]').waitFor();
  expect(await marie.page.locator('body').innerText()).not.toContain('a thought');
  await marie.unlock();
  await marie.sees('a thought that stays');
  await row(marie, 'Jean').click();
  await expect.poll(() => marie.page.locator('textarea').inputValue()).toBe('a thought that stays');
  await marie.sees(/Reply to/);
  await marie.page.locator('textarea').press('Enter');
  await jean.sees('a thought that stays');
  await expect.poll(() => marie.page.locator('[data-row]').allTextContents()).not.toContainEqual(expect.stringContaining('Draft'));

  // On top, marked, muted, put away: by the pointer and by keys
  await row(marie, 'Archive of plans').click({ button: 'right' });
  await marie.isAccessible('row-menu');
  await marie.page.getByRole('menuitem', { name: 'Pin' }).click();
  await expect.poll(() => marie.page.locator('[data-row] bdi').first().textContent()).toBe('Archive of plans');
  await row(marie, 'Archive of plans').focus();
  await marie.page.keyboard.press('Shift+F10');
  await marie.page.getByRole('menuitem', { name: 'Mark as unread' }).click();
  await expect.poll(() => marie.page.title()).toBe('(1) Kavalek');
  expect(await badge()).toBe(1);
  await row(marie, 'Archive of plans').click({ button: 'right' });
  await marie.page.getByRole('menuitem', { name: 'Mute' }).click();
  await marie.page.getByRole('menuitem', { name: 'For 8 hours' }).click();
  await expect.poll(() => marie.page.title()).toBe('Kavalek');
  expect(await badge()).toBe(0);
  await row(marie, 'Archive of plans').locator('[title=Muted]').waitFor();
  await marie.isAccessible('list-kept');
  await row(marie, 'Jean').click({ button: 'right' });
  await marie.page.getByRole('menuitem', { name: 'Archive', exact: true }).click();
  await marie.sees('Archived. It comes back with the next message.');
  await expect.poll(() => row(marie, 'Jean').count()).toBe(0);
  await jean.send('Are you there?');
  await row(marie, 'Jean').waitFor();

  // The same with a thumb: a finger that stays, a search, from match to match
  await jean.page.locator('a[aria-label="Back"]').click();
  await holdDown(jean, 'Marie');
  await jean.isAccessible('row-menu');
  await jean.page.getByRole('menuitem', { name: 'Mute' }).click();
  await jean.isAccessible('mute-menu');
  await jean.page.getByRole('menuitem', { name: 'For 1 hour' }).click();
  await row(jean, 'Marie').locator('[title=Muted]').waitFor();
  await holdDown(jean, 'Marie');
  await jean.page.getByRole('menuitem', { name: 'Archive', exact: true }).click();
  await expect.poll(() => row(jean, 'Marie').count()).toBe(0);
  await jean.isAccessible('all-archived');
  await jean.button(/^Archived/).click();
  await row(jean, 'Marie').waitFor();
  await box(jean).fill('harb');
  await hit(jean, 'note 2').waitFor();
  await jean.isAccessible('search');
  await hit(jean, 'note 2').click();
  await jean.page.locator('[role=log]').waitFor();
  await jean.button('Search in this conversation').click();
  await jean.page.locator('search input').fill('note 2');
  await jean.sees('1 of 1');
  await jean.isAccessible('find');

  // On the narrowest phone nothing that one acts on is out of reach
  await jean.page.setViewportSize({ width: 320, height: 568 });
  await jean.isAccessible('narrow');
  for (const one of await jean.page.locator('[role=main] :is(button, a, textarea):visible').all()) {
    const { x, width } = (await one.boundingBox())!;
    expect([x >= 0, x + width <= 320], (await one.getAttribute('aria-label')) ?? '').toEqual([true, true]);
  }

  await stage.leave([marie, jean], /favicon|status of 40[134]/);
});
