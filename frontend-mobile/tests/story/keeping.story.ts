import { type Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Person, desktop, launch, password, phone } from './person';
import { Server } from './server';

let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await Server.start();
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test('What was said is found again, what was begun outlives a reload, and the list is kept in order on both devices', async () => {
  const marie = await Person.arrive(browser, 'marie-keeps', { size: desktop });
  await marie.signUp(server.setup, 'marie', 'Marie');
  await marie.sees('No conversations yet');
  await marie.page.goto(`${server.origin}/#/settings`);
  await marie.button('Make an invitation').click();
  const invitation = (await marie.page.getByText('#invite=').textContent())!.trim();
  const jean = await Person.arrive(browser, 'jean-keeps', { size: phone, dark: true });
  await jean.signUp(invitation, 'jean', 'Jean');
  await jean.sees('No conversations yet');
  await jean.button('New conversation').click();
  await jean.page.locator('input[name=who]').fill('@marie');
  await jean.button('Find').click();
  await jean.page.locator('textarea').waitFor();
  await jean.send('The élèves arrive at the harbour at noon');
  await marie.page.goto(`${server.origin}/#/`);
  await marie.page.locator('[data-row]').filter({ hasText: 'Jean' }).click();
  await marie.button('Accept').click();
  await marie.page.locator('textarea').waitFor();
  for (let n = 1; n <= 4; n++) await marie.send(`Harbour note ${n}`);
  await marie.page.goto(`${server.origin}/#/new/group`);
  await marie.page.getByLabel('Title').fill('Archive of plans');
  await marie.button('Create group').click();
  await marie.page.locator('textarea').waitFor();
  await marie.send('Harbour plan, first version');

  // Everything is found from one box: chats, people, messages, whatever the accents
  await marie.page.keyboard.press('Control+k');
  await marie.page.keyboard.type('eleves harb');
  await marie.page.locator('[data-hit]').first().waitFor();
  expect(await marie.page.locator('[data-hit]').count()).toBe(1);
  expect(await marie.page.locator('[data-hit] mark').allTextContents()).toEqual(['élèves', 'harb']);
  await marie.page.locator('input[type=search]').fill('plan');
  await marie.page.locator('[data-hit]').filter({ hasText: 'first version' }).waitFor();
  expect(await marie.page.locator('[data-row]:not([data-hit])').allTextContents()).toHaveLength(1);
  await marie.isAccessible('search');
  await marie.page.locator('input[type=search]').fill('eleves');
  await marie.page.locator('[data-hit]').click();
  await marie.page.locator('[role=log] li', { hasText: 'élèves' }).waitFor();
  await marie.page.locator('input[type=search]').first().fill('');

  // In one conversation, from match to match
  await marie.page.keyboard.press('Control+f');
  await marie.page.keyboard.type('harbour');
  await marie.sees('1 of 5');
  await marie.page.keyboard.press('Enter');
  await marie.sees('2 of 5');
  await marie.button('Newer match').click();
  await marie.sees('1 of 5');
  await marie.isAccessible('find');
  await marie.page.keyboard.press('Escape');

  // A draft, with what it answers, comes back after a reload
  await marie.page
    .locator('[role=log] li', { hasText: 'élèves' })
    .locator('[data-bubble]')
    .click({ button: 'right', position: { x: 12, y: 8 } });
  await marie.page.getByRole('menuitem', { name: 'Reply' }).click();
  await marie.page.locator('textarea').fill('a thought that stays');
  await marie.page.locator('[data-row]').filter({ hasText: 'Archive of plans' }).click();
  await marie.sees('a thought that stays');
  await marie.page.waitForTimeout(800);
  await marie.page.reload();
  await marie.page.locator('input[name=password]').waitFor();
  expect(await marie.page.locator('body').innerText()).not.toContain('a thought');
  await marie.page.locator('input[name=password]').fill(password);
  await marie.button('Unlock').click();
  await marie.sees('a thought that stays');
  await marie.page.locator('[data-row]').filter({ hasText: 'Jean' }).click();
  expect(await marie.page.locator('textarea').inputValue()).toBe('a thought that stays');
  await marie.sees('Replying to');
  await marie.page.locator('textarea').press('Enter');
  await jean.sees('a thought that stays');
  await expect.poll(() => marie.page.locator('[data-row]').allTextContents()).not.toContainEqual(expect.stringContaining('Draft'));

  // On top, muted, marked, put away: by the pointer and by keys
  const row = (name: string) => marie.page.locator('[data-row]').filter({ hasText: name });
  await row('Archive of plans').click({ button: 'right' });
  await marie.isAccessible('row-menu');
  await marie.page.getByRole('menuitem', { name: 'Pin' }).click();
  await expect.poll(() => marie.page.locator('[data-row] bdi').first().textContent()).toBe('Archive of plans');
  await row('Archive of plans').focus();
  await marie.page.keyboard.press('Shift+F10');
  await marie.page.getByRole('menuitem', { name: 'Mark as unread' }).click();
  await expect.poll(() => marie.page.title()).toBe('(1) Kavalek');
  await row('Archive of plans').click({ button: 'right' });
  await marie.page.getByRole('menuitem', { name: 'Mute' }).click();
  await marie.page.getByRole('menuitem', { name: 'For 8 hours' }).click();
  await expect.poll(() => marie.page.title()).toBe('Kavalek');
  await row('Archive of plans').locator('[title=Muted]').waitFor();
  await marie.isAccessible('list-kept');
  await row('Jean').click({ button: 'right' });
  await marie.page.getByRole('menuitem', { name: 'Archive', exact: true }).click();
  await marie.sees('Archived. It comes back with the next message.');
  await expect.poll(() => row('Jean').count()).toBe(0);
  await jean.send('Are you there?');
  await row('Jean').waitFor();

  // The same on a second device, which has a name of its own
  const second = await Person.arrive(browser, 'marie-second', { size: phone });
  await second.page.goto(server.origin);
  await second.button('Log in').click();
  await second.page.locator('input[name=email]').fill('marie@example.org');
  await second.page.locator('input[name=password]').fill(password);
  await second.page.locator('input[name=device]').fill('Marie’s telephone');
  await second.button('Log in').click();
  await second.button(/Use another device/).click();
  await marie.page.goto(`${server.origin}/#/settings/devices`);
  await marie.button('Add a device').click();
  const code = marie.page.locator('dialog p[translate=no]').first();
  await code.waitFor();
  await second.page.locator('input[name=code]').fill((await code.textContent())!.trim());
  await second.button('Continue').click();
  await second.sees('Compare the digits');
  await marie.sees('Compare the digits');
  await second.button('They are the same').click();
  await marie.button('They are the same: let it in').click();
  await second.page.locator('[data-row]').filter({ hasText: 'Archive of plans' }).locator('[title=Pinned]').waitFor();
  await second.page.goto(`${server.origin}/#/settings/devices`);
  await second.sees('Marie’s telephone');
  await second.sees('Chrome · Linux');
  await second.isAccessible('devices-named');

  // A finger that stays opens the menu on a telephone
  await jean.page.goto(`${server.origin}/#/`);
  const box = (await jean.page.locator('[data-row]').first().boundingBox())!;
  const touch = await jean.context.newCDPSession(jean.page);
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: box.x + 120, y: box.y + 20 }] });
  await jean.page.getByRole('menuitem', { name: 'Pin' }).waitFor();
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await jean.isAccessible('row-menu');
  await jean.page.keyboard.press('Escape');
  await jean.page.locator('input[type=search]').fill('harb');
  await jean.page.locator('[data-hit]').first().waitFor();
  await jean.isAccessible('search');
  await jean.page.locator('[data-hit]').first().click();
  await jean.page.locator('[role=log]').waitFor();
  await jean.button('Search in this conversation').click();
  await jean.page.locator('search input').fill('note 2');
  await jean.sees('1 of 1');
  await jean.isAccessible('find');

  for (const person of [marie, jean, second]) {
    expect(person.complaints.filter(text => !text.includes('favicon'))).toEqual([]);
    await person.context.close();
  }
});
