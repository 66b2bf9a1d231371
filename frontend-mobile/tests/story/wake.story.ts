import { afterAll, expect, test } from 'vitest';
import { accept, invitation, writeTo } from './meeting';
import { desktop, phone, type Person } from './person';
import { PushService, wakeWorker } from './push-service';
import { setStage } from './stage';

const service = await PushService.start();
const stage = setStage('--environment', 'Development', '--push-services', service.origin);
afterAll(() => service.stop());

const notes = (person: Person) =>
  person.page.evaluate(async () => {
    const all = await (await navigator.serviceWorker.ready).getNotifications();
    return all.map(({ title, body, tag, data }) => ({ title, body, tag, address: (data as { address: string }).address }));
  });

/** The tools that drive a page make it think that it is looked at; from now on it is only when it is in front. */
async function standBack(person: Person): Promise<void> {
  const tools = await person.page.context().newCDPSession(person.page);
  await tools.send('Emulation.setFocusEmulationEnabled', { enabled: false });
}

// K-66, K-72
test('Asked for by a click, a sign comes when somebody writes: nothing of it before it is wanted, none when locked, none once read', async () => {
  const marie = await stage.arrive('marie-woken', { size: phone });
  await service.serve(marie.context);
  await marie.signUp(stage.server.setup, 'marie', 'Marie');
  await marie.sees('No conversations yet');
  await marie.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await marie.page.goto(`${stage.server.origin}/#/settings`);
  expect(await marie.page.evaluate(() => localStorage.getItem('kavalek.preferences'))).toBeNull();
  await marie.page.getByRole('heading', { name: 'Notifications' }).scrollIntoViewIfNeeded();
  await marie.isAccessible('notifications-before');
  await marie.button('Allow notifications…').click();
  await marie.sees('This browser is woken when something comes while Kavalek is closed.');
  await marie.isAccessible('notifications');

  // Trying it: the service gets a message, and with it the browser shows one
  await marie.button('Try it').click();
  const tried = await service.wake(0);
  expect(tried.text).toBe('kavalek');
  await wakeWorker(marie.page, stage.server.origin, tried.text);
  await expect.poll(() => notes(marie)).toEqual([{ title: 'New message in Kavalek', body: '', tag: 'kavalek', address: '#/unread' }]);
  await marie.page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).forEach(note => note.close()));

  const jean = await stage.arrive('jean-writes', { size: desktop });
  await jean.signUp(await invitation(marie, stage.server), 'jean', 'Jean');
  await jean.sees('No conversations yet');
  await writeTo(jean, stage.server, 'marie', 'One');
  await accept(marie, stage.server);
  const conversation = marie.page.url().split('#')[1]!;
  await marie.page.goto(`${stage.server.origin}/#/`);

  // Open in two tabs, and neither looked at: one notification, without content
  const other = await marie.tab();
  await other.page.goto(`${stage.server.origin}/#/`);
  await other.page.locator('[data-row]').waitFor();
  const elsewhere = await marie.context.newPage();
  await elsewhere.goto('about:blank');
  for (const tab of [marie, other]) await standBack(tab);
  await elsewhere.bringToFront();
  await jean.send('Two');
  await expect.poll(() => notes(marie)).toEqual([{ title: 'New message in Kavalek', body: '', tag: `c${conversation.slice(2)}`, address: `#${conversation}` }]);
  expect(service.wakes).toHaveLength(1);

  // With names, as she chose; and away again when it is read, here or in another tab
  await marie.page.evaluate(() => undefined);
  await other.page.bringToFront();
  await other.page.locator('[data-row]').click();
  await other.sees('Two');
  await expect.poll(() => notes(marie)).toEqual([]);
  await other.page.goto(`${stage.server.origin}/#/settings`);
  await other.page.getByLabel('What they show').selectOption({ label: 'Who wrote, and what' });
  await other.page.goto(`${stage.server.origin}/#/`);
  await marie.page.close();
  await other.unlock();
  await other.page.locator('[data-row]').waitFor();
  await elsewhere.bringToFront();
  await jean.send('Three, the secret one');
  await expect
    .poll(() => notes(other))
    .toEqual([{ title: 'Jean', body: 'Three, the secret one', tag: `c${conversation.slice(2)}`, address: `#${conversation}` }]);

  // Locked: what was told is gone from the screen
  await other.button('Lock').click();
  await other.page.locator('input[name=password]').waitFor();
  await expect.poll(() => notes(other)).toEqual([]);

  // Closed: whoever writes wakes her once, with the same bytes and nothing in them
  await other.page.goto('about:blank');
  await jean.send('Four');
  const woken = await service.wake(1);
  expect(woken.text).toBe('kavalek');
  expect(woken.bytes).toBe(tried.bytes);
  await jean.send('Five');
  await other.page.goto(stage.server.origin);
  await other.unlock();
  await other.sees('Five');
  expect(service.wakes).toHaveLength(2);
  await stage.leave([jean, other], /favicon|status of 40[134]/);
});
