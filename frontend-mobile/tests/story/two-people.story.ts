import { expect, test } from 'vitest';
import { whatIsDoneToMessages } from './messages';
import { desktop, inFrench, type Person, phone } from './person';
import { setStage } from './stage';

const stage = setStage();

test('Marie sets up a server on her desk, Jean joins by an invitation on his phone, and they talk', async () => {
  const marie = await stage.arrive('marie', { size: desktop });
  await marie.signUp(stage.server.setup, 'marie', 'Marie');
  await marie.sees('No conversations yet');
  await marie.isAccessible('empty-list');

  // An invitation
  await marie.button('Settings').click();
  await marie.button('Make an invitation').click();
  const invitation = (await marie.page.getByText('#invite=').textContent())!.trim();
  await marie.isAccessible('settings');

  // Jean signs up in French, in the dark, and asks to talk
  const jean = await stage.arrive('jean', { size: phone, language: 'fr-FR', dark: true });
  await jean.signUp(invitation, 'jean', 'Jean', inFrench);
  await jean.sees('Pas encore de conversation');
  await jean.isAccessible('empty-list');
  await jean.button('Nouvelle conversation').click();
  await jean.page.locator('input[name=who]').fill('@marie');
  await jean.button('Trouver').click();
  await jean.page.locator('textarea').waitFor();
  await jean.send('Bonjour Marie, as-tu deux minutes ?');
  await jean.sees('Bonjour Marie, as-tu deux minutes ?');
  await jean.isAccessible('first-message');
  // Nobody is told what was read unless one wants that
  await jean.page.goto(`${stage.server.origin}/#/settings`);
  await jean.page.locator('select:has(option[value=delivered])').selectOption('both');
  await jean.page.goBack();
  await jean.page.locator('textarea').waitFor();

  // Marie accepts, answers, and both see how far it got
  await marie.page.locator('[data-row]').filter({ hasText: 'Jean' }).click();
  await marie.sees('Bonjour Marie, as-tu deux minutes ?');
  await marie.isAccessible('request');
  await marie.button('Accept').click();
  await marie.page.locator('textarea').waitFor();
  await marie.send('Toujours. Regarde https://records.example.org/port (page 12)');
  await jean.sees('Toujours. Regarde');
  await marie.page.locator('[role=log] [title="Read"]').first().waitFor();
  await marie.isAccessible('conversation');

  // A reply, from the menu of the message
  await jean.page
    .locator('[role=log] li', { hasText: 'Toujours' })
    .locator('[data-bubble]')
    .click({ button: 'right', position: { x: 12, y: 8 } });
  await jean.page.getByRole('menuitem', { name: 'Répondre' }).click();
  await jean.send('مرحبا! La page 12 manque.');
  await marie.page.locator('[role=log] li', { hasText: 'مرحبا' }).getByText('Toujours. Regarde').waitFor();
  await marie.picture('reply');
  // It is on the screen, so it is read.
  await expect.poll(() => marie.page.title()).toBe('Kavalek');

  // What was begun stays with its conversation
  await marie.page.locator('textarea').fill('half a thought');
  await marie.page.goto(`${stage.server.origin}/#/`);
  await marie.sees('half a thought');
  await marie.page.locator('[data-row]').filter({ hasText: 'Jean' }).click();
  expect(await marie.page.locator('textarea').inputValue()).toBe('half a thought');
  await marie.page.locator('textarea').fill('');

  // Safety numbers are the same on both sides, and comparing them verifies
  const number = async (person: Person): Promise<string> => {
    await person.page.locator('a[href$="/info"]').first().click();
    await person.page.locator('a[href*="/safety"]').click();
    const digits = person.page.locator('p[translate=no]');
    await digits.waitFor();
    return (await digits.textContent())!.trim();
  };
  const [marias, jeans] = [await number(marie), await number(jean)];
  expect(marias).toMatch(/^(\d{5} ?){12}$/);
  expect(jeans).toBe(marias);
  await marie.isAccessible('safety');
  await jean.isAccessible('safety');
  await marie.button('They are the same').click();
  await marie.sees(/is verified/);
  await marie.page.goBack();
  await marie.page.goBack();
  await marie.sees('Encrypted and verified');

  // A timer, which both see, and a line that says who set it
  await marie.page.locator('a[href$="/info"]').first().click();
  await marie.page.getByLabel('Disappearing messages').selectOption({ label: '1 week' });
  await marie.isAccessible('info');
  await marie.page.goBack();
  await marie.sees(/set messages to end 1 week/);
  await marie.page.getByPlaceholder('Message, gone after 1 week').waitFor();
  await jean.page.goBack();
  await jean.page.goBack();
  await jean.sees(/s’effacent 1 semaine après l’envoi/);

  // A group
  await marie.page.goto(`${stage.server.origin}/#/new/group`);
  await marie.page.getByLabel('Title').fill('Bureau des enquêtes');
  await marie.page.getByRole('checkbox', { name: /Jean/ }).check();
  await marie.isAccessible('new-group');
  await marie.button('Create group').click();
  await marie.page.locator('textarea').waitFor();
  await marie.send('Everybody is here.');
  await jean.page.goto(`${stage.server.origin}/#/`);
  await jean.page.locator('[data-row]').filter({ hasText: 'Bureau des enquêtes' }).click();
  await jean.sees('Everybody is here.');
  if (await jean.button('Accepter').isVisible()) await jean.button('Accepter').click();
  await jean.page.locator('textarea').waitFor();
  await jean.send('Présent 👍');
  await marie.sees('Présent 👍');
  await whatIsDoneToMessages(marie, jean);
  await marie.isAccessible('group');
  await jean.isAccessible('group');
  await jean.page.goto(`${stage.server.origin}/#/`);
  await jean.isAccessible('list');

  // Mirrored, as a right-to-left language has it: nothing sticks out, nothing becomes unreadable
  for (const person of [marie, jean]) {
    await person.page.evaluate(() => void (document.dir = 'rtl'));
    await person.isAccessible('mirrored');
    await person.page.evaluate(() => void (document.dir = 'ltr'));
  }

  // What is written is text, whatever it looks like
  const payloads = ['<img src=x onerror=alert(1)>', '<script>alert(1)</script>', 'javascript:alert(1)', '"><svg onload=alert(1)>'];
  for (const text of payloads) await marie.send(text);
  await jean.page.locator('[data-row]').filter({ hasText: 'Bureau' }).click();
  for (const text of payloads) await jean.sees(text);

  // Locking leaves nothing on the screen; reloading stays locked
  await marie.button('Lock').click();
  await marie.page.locator('input[name=password]').waitFor();
  expect(await marie.page.locator('body').innerText()).not.toMatch(/Jean|Bureau|Everybody/);
  expect(await marie.page.title()).toBe('Kavalek');
  await marie.page.reload();
  await marie.page.locator('input[name=password]').fill('not the password');
  await marie.button('Unlock').click();
  await marie.sees('This is not the password. Your messages are safe; try again.');
  await marie.isAccessible('locked');
  await marie.unlock();
  await marie.sees('Bureau des enquêtes');

  await stage.leave([marie, jean]);
});
