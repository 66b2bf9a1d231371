import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accept, invitation, writeTo } from './meeting';
import { desktop, launch, Person, phone } from './person';
import { setStage } from './stage';

const stage = setStage();
const folder = mkdtempSync(join(tmpdir(), 'kavalek-camera-'));
const film = join(folder, 'camera.y4m');
let camera: Browser;
beforeAll(async () => {
  // What the camera of this browser sees is a film, begun anew whenever it is opened.
  camera = await launch('--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${film}`);
});
afterAll(async () => {
  await camera?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Holds a code of somebody's screen in front of the camera: in the middle of a room, neither large nor straight. */
async function hold(code: Locator, helper: Page): Promise<void> {
  const picture = `data:image/png;base64,${(await code.screenshot({ scale: 'device' })).toString('base64')}`;
  const frame = await helper.evaluate(async picture => {
    const [width, height] = [640, 480];
    const image = await createImageBitmap(await (await fetch(picture)).blob());
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d')!;
    context.fillStyle = '#6b7a74';
    context.fillRect(0, 0, width, height);
    context.translate(width / 2 + 30, height / 2 - 10);
    context.rotate(0.12);
    context.drawImage(image, -170, -170, 340, 340);
    const { data } = context.getImageData(0, 0, width, height);
    const planes: number[] = [];
    const part = (at: number, red: number, green: number, blue: number, base: number) =>
      planes.push(Math.round(base + red * data[at]! + green * data[at + 1]! + blue * data[at + 2]!));
    for (let at = 0; at < data.length; at += 4) part(at, 0.257, 0.504, 0.098, 16);
    for (const [red, green, blue] of [
      [-0.148, -0.291, 0.439],
      [0.439, -0.368, -0.071],
    ] as const)
      for (let y = 0; y < height; y += 2) for (let x = 0; x < width; x += 2) part((y * width + x) * 4, red, green, blue, 128);
    return planes;
  }, picture);
  const one = Buffer.concat([Buffer.from('FRAME\n'), Buffer.from(frame)]);
  writeFileSync(film, Buffer.concat([Buffer.from('YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n'), ...Array<Buffer>(10).fill(one)]));
}

const number = (person: Person): Locator => person.page.getByRole('img', { name: 'QR code of the safety number' });
async function toSafety(person: Person): Promise<void> {
  await person.page.locator('a[href$="/info"]').first().click();
  await person.page.locator('a[href*="/safety"]').click();
  await number(person).waitFor();
}

test('A code that is held in front of the camera verifies whose it is, and one of somebody else does not', async () => {
  const jean = await stage.arrive('jean-shows', { size: desktop });
  await jean.signUp(stage.server.setup, 'jean', 'Jean');
  await jean.sees('No conversations yet');
  const marie = await Person.arrive(camera, 'marie-scans', { size: phone });
  await marie.context.grantPermissions(['camera', 'clipboard-read', 'clipboard-write', 'notifications']);
  await marie.signUp(await invitation(jean, stage.server), 'marie', 'Marie');
  await marie.sees('No conversations yet');
  const awa = await stage.arrive('awa-shows', { size: desktop });
  await awa.signUp(await invitation(jean, stage.server), 'awa', 'Awa');
  await awa.sees('No conversations yet');
  const helper = await (await stage.browser.newContext()).newPage();

  // A contact code leads to the conversation, which is verified at once
  await awa.page.goto(`${stage.server.origin}/#/new`);
  const link = awa.page.locator('svg[role=img]');
  await link.waitFor();
  await hold(link, helper);
  await marie.page.goto(`${stage.server.origin}/#/new`);
  await marie.button('Scan a contact code').click();
  await marie.page.locator('textarea').waitFor();
  await marie.sees('Encrypted and verified');
  await marie.sees(/is verified: the link carried their key/);
  expect(await marie.page.evaluate(() => document.querySelectorAll('video').length)).toBe(0);

  // A contact code where a safety number is wanted is no proof of a stranger in between: it is another code
  await writeTo(marie, stage.server, 'jean', 'Shall we compare?');
  await accept(jean, stage.server);
  await toSafety(marie);
  await marie.button('Scan their code').click();
  await marie.sees('This is another code');
  await marie.picture('another-code');
  await marie.page.keyboard.press('Escape');

  // Somebody else's safety number warns, and verifies nobody
  await marie.page.goto(`${stage.server.origin}/#/`);
  await writeTo(awa, stage.server, 'jean', 'Hello Jean');
  await toSafety(awa);
  await hold(number(awa), helper);
  await marie.page.locator('[data-row]').filter({ hasText: 'Jean' }).click();
  await toSafety(marie);
  await marie.button('Scan their code').click();
  await marie.sees('Do not write anything that matters');
  await marie.isAccessible('differs');
  await marie.page.keyboard.press('Escape');
  await marie.sees('Not compared yet');

  // The right one verifies
  await toSafety(jean);
  await hold(number(jean), helper);
  await marie.button('Scan their code').click();
  await marie.sees(/is verified\. Kavalek warns you/);
  await marie.isAccessible('verified-by-camera');

  await helper.context().close();
  await stage.leave([jean, marie, awa], /favicon|status of 40[134]/);
});
