import { expect, test } from 'vitest';
import { desktop, password, phone, type Person } from './person';
import { setStage } from './stage';

const stage = setStage();

async function logIn(person: Person, name?: string): Promise<void> {
  await person.page.goto(stage.server.origin);
  await person.button('Log in').click();
  await person.page.locator('input[name=email]').fill('marie@example.org');
  await person.page.locator('input[name=password]').fill(password);
  if (name) await person.page.locator('input[name=device]').fill(name);
  await person.button('Log in').click();
  await person.sees('One more step');
}

const hostileName = '<img src=x onerror=alert(1)>';

// K-58
test('A phone is let in by comparing digits, another browser by the twelve words, and a removed one forgets everything', async () => {
  const desk = await stage.arrive('desk', { size: desktop });
  const words = await desk.signUp(stage.server.setup, 'marie', 'Marie');

  await desk.sees('No conversations yet');

  // What the list is like is the same on all devices of the account
  await desk.page.goto(`${stage.server.origin}/#/new/group`);
  await desk.page.getByLabel('Title').fill('Notes');
  await desk.button('Create group').click();
  await desk.page.locator('textarea').waitFor();
  const row = (person: Person) => person.page.locator('[data-row]').filter({ hasText: 'Notes' });
  await row(desk).click({ button: 'right' });
  await desk.page.getByRole('menuitem', { name: 'Pin' }).click();
  await row(desk).locator('[title=Pinned]').waitFor();

  // By a code, and digits that both screens show
  const handset = await stage.arrive('handset', { size: phone, dark: true });
  await logIn(handset, 'Marie’s telephone');
  await handset.isAccessible('waiting');
  await handset.button(/Use another device/).click();
  await desk.page.goto(`${stage.server.origin}/#/settings/devices`);
  await desk.button('Add a device').click();
  const code = desk.page.locator('dialog p[translate=no]').first();
  await code.waitFor();
  await desk.isAccessible('add-device');
  await handset.page.locator('input[name=code]').fill((await code.textContent())!.trim());
  await handset.button('Continue').click();
  await handset.sees('Compare the digits');
  await desk.sees('Compare the digits');
  const digits = async (person: Person) => (await person.page.locator('p[translate=no]').last().textContent())!.trim();
  expect(await digits(handset)).toMatch(/^\d{3} \d{3}$/);
  expect(await digits(desk)).toBe(await digits(handset));
  await handset.isAccessible('digits');
  await handset.button('They are the same').click();
  await desk.button('They are the same: let it in').click();
  await row(handset).locator('[title=Pinned]').waitFor();

  // By the recovery key, four letters of each word
  const other = await stage.arrive('other', { size: desktop });
  await logIn(other, hostileName);
  await other.button(/Use the recovery key/).click();
  await other.page.locator('textarea[name=words]').fill([...words].reverse().join(' '));
  await other.button('Open with these words').click();
  await other.sees(/These are not the words of your recovery key/);
  await other.page.locator('textarea[name=words]').fill(words.map(word => word.slice(0, 4)).join(' '));
  await other.button('Open with these words').click();
  await row(other).locator('[title=Pinned]').waitFor();
  await desk.page.goto(`${stage.server.origin}/#/settings/devices`);
  await expect.poll(() => desk.button('Remove').count()).toBe(2);
  await desk.sees('Marie’s telephone');
  await desk.sees('Chrome · Linux');
  await desk.sees(hostileName);
  expect(await desk.page.locator('img[src=x], [onerror]').count()).toBe(0);
  await desk.isAccessible('devices');

  // Removed: it says so, and nothing is left on it
  await desk.button('Remove').first().click();
  await desk.page.locator('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await desk.sees('The device was removed.');
  await desk.isAccessible('receipt');
  const saved = desk.page.waitForEvent('download');
  await desk.button('Save as a file').click();
  expect((await saved).suggestedFilename()).toMatch(/^kavalek-[0-9a-f]{8}\.txt$/);
  await expect
    .poll(async () => (await Promise.all([handset, other].map(one => one.page.getByText('This device was removed').count()))).reduce((a, b) => a + b), {})
    .toBe(1);

  await stage.leave([desk, handset, other], /favicon|status of 40[134]/);
});
