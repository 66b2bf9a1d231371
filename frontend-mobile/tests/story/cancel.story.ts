import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { accept, invitation, writeTo } from './meeting';
import { desktop, type Person, phone } from './person';
import { setStage } from './stage';

const stage = setStage();

test('A file that is cancelled while it is read, or on its way, leaves nothing in the browser and nothing at the server', async () => {
  const marie = await stage.arrive('marie', { size: phone });
  await marie.signUp(stage.server.setup, 'marie', 'Marie');
  await marie.sees('No conversations yet');
  const jean = await stage.arrive('jean', { size: desktop });
  await jean.signUp(await invitation(marie, stage.server), 'jean', 'Jean');
  await jean.sees('No conversations yet');
  await writeTo(jean, stage.server, 'marie', 'Bonjour');
  await accept(marie, stage.server);
  // What its worker waits for: the disk, by what it writes, and how many parts are encrypted at once.
  const worker = marie.page.workers()[0]!;
  await worker.evaluate(() => {
    const { transaction } = IDBDatabase.prototype;
    const { encrypt } = SubtleCrypto.prototype;
    const seen = { written: [] as string[], file: 0, mostOfFile: 0, store: 0, mostOfStore: 0 };
    Object.assign(globalThis, { seen });
    IDBDatabase.prototype.transaction = function (...all) {
      if (all[1] === 'readwrite') seen.written.push(all[2]!.durability!);
      return transaction.apply(this, all);
    };
    SubtleCrypto.prototype.encrypt = function (...all) {
      // A part of the file, or that part as the store keeps it.
      const what = all[2].byteLength === 65_536 ? 'file' : 'store';
      const most = what === 'file' ? 'mostOfFile' : 'mostOfStore';
      seen[most] = Math.max(seen[most], ++seen[what]);
      return encrypt.apply(this, all).finally(() => seen[what]--);
    };
  });

  // While it is read: it is back above the box, and can be left out
  const size = 24 * 1024 * 1024;
  await marie.page.locator('[data-file-picker]').setInputFiles([{ name: 'film.bin', mimeType: 'video/x-unknown', buffer: Buffer.alloc(size, 'a film ') }]);
  await marie.page.locator('textarea').fill('The film');
  await marie.button(/^Leave out .*film\.bin/).waitFor();
  await marie.page.locator('textarea ~ button').click();
  const reading = marie.page.locator('#composer progress');
  await expect.poll(() => reading.evaluate((bar: HTMLProgressElement) => bar.value)).toBeGreaterThan(0);
  expect(await reading.evaluate((bar: HTMLProgressElement) => bar.max)).toBe(size);
  await marie.isAccessible('reading');
  await marie.page.locator('#composer').getByRole('button', { name: 'Cancel' }).click();
  await marie.button(/^Leave out .*film\.bin/).waitFor();
  await expect.poll(() => marie.page.locator('textarea').inputValue()).toBe('The film');
  await marie.picture('read-cancelled');
  expect(await files(marie)).toEqual([]);
  expect(await marie.page.locator('[role=log] li', { hasText: 'film.bin' }).count()).toBe(0);
  // What can be had again did not wait for the disk, and no part for the one before.
  const { written, mostOfFile, mostOfStore } = await worker.evaluate(
    () => (globalThis as unknown as { seen: { written: string[]; mostOfFile: number; mostOfStore: number } }).seen,
  );
  expect(written.filter(one => one === 'relaxed').length).toBeGreaterThan(1);
  expect(written).toContain('strict');
  expect(mostOfFile).toBeGreaterThan(4);
  expect(mostOfStore).toBeGreaterThan(4);
  await marie.button(/^Leave out .*film\.bin/).click();

  // On its way: its message goes with it
  let parts = 0;
  await marie.context.route(/\/api\/v1\/attachments\/[0-9a-f]{32}\?at=/, async route => {
    if (++parts <= 2) await route.continue();
  });
  await marie.page
    .locator('[data-file-picker]')
    .setInputFiles([{ name: 'short.bin', mimeType: 'video/x-unknown', buffer: Buffer.alloc(5_000_000, 'a film ') }]);
  await marie.button(/^Leave out .*short\.bin/).waitFor();
  await marie.page.locator('textarea ~ button').click();
  await expect.poll(() => parts).toBe(3);
  const row = marie.page.locator('[role=log] li', { hasText: 'short.bin' });
  await row.getByText(/ \/ 5\.\d MB/).waitFor();
  await marie.isAccessible('on-its-way');
  expect((await files(marie)).length).toBeGreaterThan(0);
  expect(blobs()).toHaveLength(1);
  await row.getByRole('button', { name: 'Cancel' }).click();
  await expect.poll(() => row.count()).toBe(0);
  expect(await files(marie)).toEqual([]);
  await marie.context.unrouteAll({ behavior: 'ignoreErrors' });
  await expect.poll(blobs).toEqual([]);
  await marie.send('Never mind');
  await jean.sees('Never mind');
  expect(await jean.page.locator('[role=log] li', { hasText: 'short.bin' }).count()).toBe(0);
  await stage.leave([marie, jean]);
});

/** What the store of a person's browser has of files. */
function files({ page }: Person): Promise<readonly string[]> {
  return page.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const request = indexedDB.open('kavalek');
        request.onerror = () => reject(request.error!);
        request.onsuccess = () => {
          const keys = request.result.transaction('entries').objectStore('entries').getAllKeys();
          keys.onsuccess = () => {
            request.result.close();
            resolve((keys.result as string[]).filter(key => /^conv\/(file|part)\//.test(key)));
          };
        };
      }),
  );
}

/** The files that the server has. */
function blobs(): readonly string[] {
  try {
    return readdirSync(join(stage.server.folder, 'blobs'), { recursive: true, encoding: 'utf8' }).filter(name => /[0-9a-f]{32}/.test(name));
  } catch {
    // No folder yet.
    return [];
  }
}
