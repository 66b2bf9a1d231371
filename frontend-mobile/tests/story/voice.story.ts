import { readFile } from 'node:fs/promises';
import { type Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accept, invitation, writeTo } from './meeting';
import { desktop, inFrench, launch, Person, phone } from './person';
import { Server } from './server';

let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await Server.start();
  // A microphone that beeps, and a browser that answers its own question with yes.
  browser = await launch('--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream');
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test('A voice message is explained, recorded, heard before it is sent, and played in place at both sizes', async () => {
  const marie = await Person.arrive(browser, 'marie', { size: desktop });
  await marie.signUp(server.setup, 'marie', 'Marie');
  await marie.button('New conversation').waitFor();
  const invite = await invitation(marie, server);
  const jean = await Person.arrive(browser, 'jean', { size: phone, dark: true, language: 'fr-FR' });
  await jean.signUp(invite, 'jean', 'Jean', inFrench);
  await jean.button('Nouvelle conversation').waitFor();
  await writeTo(marie, server, 'jean', 'Bonjour Jean');
  await accept(jean, server, 'Accepter');

  // Whoever has said no is told how to say yes
  const begin = marie.button('Record a voice message');
  await begin.click();
  await marie.sees('The microphone is closed');
  await marie.isAccessible('voice-denied');
  await marie.page.keyboard.press('Escape');
  await begin.waitFor();

  // Asked for the first time: said what for, before the browser asks
  await marie.context.clearPermissions();
  // This browser has its answer ready and says so; one of a person's would not have been asked yet.
  await marie.page.evaluate(() => {
    navigator.permissions.query = () => Promise.resolve({ state: 'prompt' } as PermissionStatus);
  });
  await begin.focus();
  await marie.page.keyboard.press('Enter');
  await marie.sees('May Kavalek use the microphone?');
  await marie.isAccessible('voice-asked');
  await marie.button('Go on').click();
  await marie.sees('0:02');
  await marie.isAccessible('voice-recording');

  // By the keyboard: Enter stops, Escape loses nothing
  expect(await marie.button('Stop recording').evaluate(element => element === document.activeElement)).toBe(true);
  await marie.page.keyboard.press('Escape');
  await marie.button('Send').waitFor();
  await expect.poll(() => marie.button('Send').evaluate(element => element === document.activeElement)).toBe(true);
  await marie.button('Play').click();
  await marie.page.locator('[data-sound=on]').waitFor();
  await marie.isAccessible('voice-recorded');
  await marie.button('Pause').click();
  await marie.button('Send').click();
  await expect.poll(() => marie.page.locator('textarea').evaluate(element => element === document.activeElement)).toBe(true);

  // There: how long it is before it is heard; played, faster, from another place
  const voice = jean.page.getByRole('group', { name: /^Message vocal, 0:0/ });
  await voice.waitFor();
  await jean.isAccessible('voice');
  const place = voice.getByRole('slider');
  expect(await place.getAttribute('aria-valuetext')).toMatch(/^0:00 sur 0:0[2-9]$/);
  await voice.getByRole('button', { name: 'Écouter' }).click();
  await jean.page.locator('[data-sound=on]').waitFor();
  await expect.poll(() => place.inputValue().then(Number)).toBeGreaterThan(0.2);
  await voice.getByRole('button', { name: 'Pause' }).click();
  await jean.page.locator('[data-sound=off]').first().waitFor();
  await voice.getByRole('button', { name: 'Vitesse : 1×' }).click();
  await voice.getByRole('button', { name: 'Vitesse : 1,5×' }).waitFor();
  const before = Number(await place.inputValue());
  await place.focus();
  await jean.page.keyboard.press('ArrowRight');
  expect(Number(await place.inputValue())).toBeGreaterThan(before);
  await jean.picture('voice-paused');

  // Opened anew, it stands where it was; then it is heard to its end
  await jean.page.goto(`${server.origin}/#/`);
  await jean.page.locator('[data-row]').filter({ hasText: 'Message vocal' }).click();
  await voice.waitFor();
  expect(Number(await place.inputValue())).toBeGreaterThan(before);
  await voice.getByRole('button', { name: 'Écouter' }).click();
  await expect.poll(() => place.inputValue()).toBe('0');

  // Its bytes are a sound, and say nothing of the browser
  const saved = jean.page.waitForEvent('download');
  await voice.getByRole('button', { name: /^Enregistrer/ }).click();
  const bytes = await readFile((await (await saved).path())!);
  expect(bytes.subarray(0, 4).toString('hex')).toBe('1a45dfa3');
  expect(bytes.includes('OpusHead')).toBe(true);
  expect(bytes.includes('Chrome')).toBe(false);

  // Held: letting go ends it, sliding away forgets it
  await jean.context.grantPermissions(['microphone']);
  const hold = await jean.button('Enregistrer un message vocal').boundingBox();
  const [x, y] = [hold!.x + hold!.width / 2, hold!.y + hold!.height / 2];
  await jean.page.mouse.move(x, y);
  await jean.page.mouse.down();
  await jean.sees('Relâchez pour écouter');
  await jean.sees('0:01');
  await jean.isAccessible('voice-held');
  await jean.page.mouse.up();
  await jean.button('Supprimer l’enregistrement').waitFor();
  await jean.button('Envoyer').waitFor();
  await jean.isAccessible('voice-recorded');
  await jean.button('Supprimer l’enregistrement').click();
  await jean.button('Enregistrer un message vocal').waitFor();
  await jean.page.mouse.move(x, y);
  await jean.page.mouse.down();
  await jean.sees('0:01');
  await jean.page.mouse.move(x - 200, y);
  await jean.page.mouse.up();
  await jean.button('Enregistrer un message vocal').waitFor();
  expect(await jean.page.getByRole('group', { name: /^Message vocal/ }).count()).toBe(1);

  for (const person of [marie, jean]) {
    person.isContent(server, /favicon/);
    await person.context.close();
  }
});
