import { readFile } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';
import { type Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Person, desktop, launch, phone } from './person';
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

// K-54, K-55
test('Pictures and files go both ways, are seen or saved, and none of them becomes a page', async () => {
  const marie = await Person.arrive(browser, 'marie', { size: desktop });
  await marie.signUp(server.setup, 'marie', 'Marie');
  await marie.button('Settings').click();
  await marie.button('Make an invitation').click();
  const invitation = (await marie.page.getByText('#invite=').textContent())!.trim();
  const jean = await Person.arrive(browser, 'jean', { size: phone, dark: true });
  await jean.signUp(invitation, 'jean', 'Jean');
  await jean.button('New conversation').click();
  await jean.page.locator('input[name=who]').fill('@marie');
  await jean.button('Find').click();
  await jean.page.locator('textarea').waitFor();
  await jean.send('Bonjour Marie');
  await marie.page.locator('[data-row]').filter({ hasText: 'Jean' }).click();
  await marie.sees('Bonjour Marie');
  await marie.button('Accept').click();
  await marie.page.locator('textarea').waitFor();

  // A picture with its place inside, and a file, chosen together; the picture's own record of itself stays behind
  const photo = picture(1200, 800, 'somewhere in Marseille');
  const report = Buffer.alloc(700_000, 'report ');
  await marie.page.locator('[data-file-picker]').setInputFiles([
    { name: 'harbour.png', mimeType: 'image/png', buffer: photo },
    { name: '..\\evil\u202Efdp.txt', mimeType: 'text/plain', buffer: report },
  ]);
  await marie.sees('harbour.png');
  await marie.sees(/place, time and camera stay here/);
  await marie.isAccessible('chosen');
  await marie.send('The harbour, and the report');
  await jean.sees('The harbour, and the report');
  const shown = jean.page.locator('[role=log] img[alt="harbour.png"]');
  await shown.waitFor();
  expect(await shown.evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight])).toEqual([1200, 800]);
  await jean.isAccessible('picture');
  await marie.picture('picture');

  // Large: arrows and Escape; the focus goes back
  const open = jean.button(/^Show .*harbour\.png/);
  await open.focus();
  await jean.page.keyboard.press('Enter');
  await jean.page.locator('dialog img').waitFor();
  await jean.isAccessible('viewer');
  const kept = jean.page.waitForEvent('download');
  await jean.page.locator('dialog').getByRole('button', { name: /^Save/ }).click();
  const copy = await readFile((await (await kept).path())!);
  expect(copy.length).toBeGreaterThan(1_000);
  expect(photo.includes('Marseille')).toBe(true);
  expect(copy.includes('Marseille')).toBe(false);
  await jean.page.keyboard.press('Escape');
  await expect.poll(() => jean.page.locator('dialog').count()).toBe(0);
  expect(await open.evaluate(element => element === document.activeElement)).toBe(true);

  // The file is saved, byte for byte, under a name that leads nowhere
  const saved = jean.page.waitForEvent('download');
  await jean.button(/^Save/).first().click();
  const download = await saved;
  expect(download.suggestedFilename()).toBe('evilfdp.txt');
  expect((await readFile((await download.path())!)).equals(report)).toBe(true);

  // Back, by dropping: a page, a drawing with script, a picture that would not fit into any memory
  const hostile = [
    { name: 'page.html', type: 'text/html', text: '<script>alert(1)</script>' },
    { name: 'drawing.svg', type: 'image/svg+xml', text: '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>' },
    { name: 'page.png', type: 'image/png', text: '<!doctype html><script>alert(1)</script>' },
  ];
  const bomb = header(50_000, 50_000).toString('base64');
  const dropped = await jean.page.evaluateHandle(
    ({ hostile, bomb }) => {
      const data = new DataTransfer();
      for (const { name, type, text } of hostile) data.items.add(new File([text], name, { type }));
      data.items.add(new File([Uint8Array.from(atob(bomb), c => c.charCodeAt(0))], 'bomb.png', { type: 'image/png' }));
      return data;
    },
    { hostile, bomb },
  );
  const pane = jean.page.locator('textarea');
  await pane.dispatchEvent('dragenter', { dataTransfer: dropped });
  await jean.sees('Drop files for');
  await jean.picture('drop');
  await pane.dispatchEvent('drop', { dataTransfer: dropped });
  await jean.sees('bomb.png');
  await jean.button(/^Leave out .*page\.html/).click();
  await expect.poll(() => jean.page.getByText('page.html').count()).toBe(0);
  await jean.send('Look at these');
  await marie.sees('Look at these');
  for (const name of ['drawing.svg', 'page.png', 'bomb.png']) {
    const arrived = marie.page.waitForEvent('download');
    await marie.button(new RegExp(`^Save\\s*${name}`)).click();
    expect((await arrived).suggestedFilename()).toBe(name);
    expect(await marie.page.locator(`[role=log] img[alt="${name}"]`).count()).toBe(0);
  }
  await marie.isAccessible('files');
  expect(marie.context.pages()).toHaveLength(1);

  // Nothing moves when a picture comes: its room is there from the beginning
  await marie.page.locator('[data-file-picker]').setInputFiles([{ name: 'last.png', mimeType: 'image/png', buffer: picture(900, 1200, '') }]);
  await marie.sees('last.png');
  await marie.page.locator('textarea ~ button').click();
  await jean.page.locator('[role=log] img[alt="last.png"]').waitFor();
  const room = await jean.page
    .locator('figure')
    .last()
    .evaluate(figure => figure.getBoundingClientRect().width / figure.getBoundingClientRect().height);
  expect(room).toBeCloseTo(900 / 1200, 1);
  await jean.picture('portrait');

  // What was chosen and not sent outlives a look at another conversation, and a reload by its name: no page may read a file twice
  const film = { name: 'film.bin', mimeType: 'video/x-unknown', buffer: Buffer.alloc(5_000_000, 'a film ') };
  await marie.page.locator('[data-file-picker]').setInputFiles([film]);
  await marie.page.locator('textarea').fill('The film');
  await marie.page.goto(`${server.origin}/#/settings`);
  await marie.page.goBack();
  await marie.button(/^Leave out .*film\.bin/).waitFor();
  // It is kept as soon as another tab sees it.
  const tab = await marie.tab();
  await tab.page.goto(`${server.origin}/#/`);
  await tab.sees('The film');
  await tab.page.close();
  await marie.page.reload();
  await marie.unlock();
  await marie.sees(/Chosen and not sent: .*film\.bin.* \(5 MB\)/);
  await expect.poll(() => marie.page.locator('textarea').inputValue()).toBe('The film');
  await marie.isAccessible('unreadable');
  const chooser = marie.page.waitForEvent('filechooser');
  await marie.button('Choose again').click();
  await (await chooser).setFiles([film]);
  await marie.button(/^Leave out .*film\.bin/).waitFor();
  expect(await marie.page.getByText('Chosen and not sent').count()).toBe(0);

  // An upload that a reload cuts off goes on by itself where it was
  const begun: number[] = [];
  let cut = true;
  await marie.context.route(/\/api\/v1\/attachments\/[0-9a-f]{32}\?at=/, async route => {
    begun.push(Number(new URL(route.request().url()).searchParams.get('at')));
    if (!cut || begun.length <= 2) await route.continue();
  });
  await marie.page.locator('textarea ~ button').click();
  await expect.poll(() => begun.length).toBe(3);
  await marie.sees(/ \/ 5\.\d MB/);
  await marie.picture('uploading');
  cut = false;
  await marie.page.reload();
  await marie.unlock();
  await jean.sees('The film');
  expect(begun[0]).toBe(0);
  expect(begun.slice(3).every(at => at >= begun[2]!)).toBe(true);
  expect(begun.length).toBeGreaterThan(4);
  // It comes in large pieces, whose parts are decrypted at once.
  const worker = jean.page.workers()[0]!;
  await worker.evaluate(() => {
    const { decrypt } = SubtleCrypto.prototype;
    const seen = { pieces: 0, decrypting: 0, most: 0 };
    Object.assign(globalThis, { seen, Blob: new Proxy(Blob, { construct: (made, all) => (seen.pieces++, Reflect.construct(made, all) as Blob) }) });
    SubtleCrypto.prototype.decrypt = function (...all) {
      // A part of the file, not what the store made of it.
      if (all[2].byteLength !== 65_536 + 16) return decrypt.apply(this, all);
      seen.most = Math.max(seen.most, ++seen.decrypting);
      return decrypt.apply(this, all).finally(() => seen.decrypting--);
    };
  });
  const arrived = jean.page.waitForEvent('download');
  await jean.button(/^Save\s*film\.bin/).click();
  expect((await readFile((await (await arrived).path())!)).equals(film.buffer)).toBe(true);
  const { pieces, most } = await worker.evaluate(() => (globalThis as unknown as { seen: { pieces: number; most: number } }).seen);
  expect(pieces).toBeLessThan(10);
  expect(most).toBeGreaterThan(4);
  await marie.context.unrouteAll({ behavior: 'ignoreErrors' });

  for (const person of [marie, jean]) {
    expect(person.complaints.filter(text => !text.includes('favicon'))).toEqual([]);
    expect([...person.hosts]).toEqual([new URL(server.origin).host]);
    await person.context.close();
  }
});

/** A picture: a sky, a sea, a sun, with a text inside that only its bytes show. */
function picture(width: number, height: number, text: string): Buffer {
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sun = (x - width * 0.7) ** 2 + (y - height * 0.35) ** 2 < (height * 0.14) ** 2;
      const sea = y > height * 0.6;
      const at = y * (1 + 3 * width) + 1 + 3 * x;
      rows[at] = sun ? 250 : sea ? 20 + (30 * y) / height : 90 + (120 * y) / height;
      rows[at + 1] = sun ? 210 : sea ? 80 + (40 * y) / height : 150 + (60 * y) / height;
      rows[at + 2] = sun ? 120 : sea ? 120 : 210;
    }
  }
  return Buffer.concat([
    header(width, height),
    chunk('tEXt', Buffer.from(`Comment\0${text}`)),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function header(width: number, height: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', data)]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc(named));
  return Buffer.concat([length, named, check]);
}

function crc(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}
