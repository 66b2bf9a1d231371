import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { accept, invitation, writeTo } from './meeting';
import { desktop, launchProfile, password, phone, Person } from './person';
import { builtApp } from './server';
import { setStage } from './stage';

const stage = setStage();
const folders: string[] = [];
afterAll(() => folders.forEach(folder => rmSync(folder, { recursive: true, force: true })));

/** Words that nothing else says: found again, they were kept. */
const canary = (): string => `canary${randomBytes(6).toString('hex')}`;

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'kavalek-pwa-'));
  folders.push(made);
  return made;
}

/** The same app as another release: one file differs, and what follows from it. */
function nextRelease(): { app: string; id: string } {
  const app = folder();
  cpSync(builtApp, app, { recursive: true });
  const page = join(app, 'index.html');
  const worker = join(app, 'service-worker.js');
  const hash = () => `sha256-${createHash('sha256').update(readFileSync(page)).digest('base64')}`;
  const before = hash();
  const [, old] = /name="kavalek-release" content="([0-9a-f]+)"/.exec(readFileSync(page, 'utf8'))!;
  const id = 'b'.repeat(old!.length);
  writeFileSync(page, readFileSync(page, 'utf8').replace(old!, id));
  const script = readFileSync(worker, 'utf8');
  expect(script).toContain(before);
  writeFileSync(worker, script.replaceAll(old!, id).replaceAll(before, hash()));
  for (const name of ['index.html.br', 'index.html.gz', 'service-worker.js.br', 'service-worker.js.gz']) rmSync(join(app, name), { force: true });
  return { app, id };
}

/** What the browser keeps of the app: caches with their addresses, and all that is in them as text. */
async function cached(person: Person): Promise<{ names: string[]; addresses: string[]; text: string }> {
  return person.page.evaluate(async () => {
    const names = await caches.keys();
    const addresses: string[] = [];
    let text = '';
    for (const name of names) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        addresses.push(new URL(request.url).pathname);
        text += await (await cache.match(request))!.clone().text();
      }
    }
    return { names, addresses, text };
  });
}

/** Every file below a folder in which one of the words stands, in either width of letters. */
function found(below: string, words: readonly string[]): string[] {
  const hits: string[] = [];
  for (const entry of readdirSync(below, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // What the browser removes at its end is not kept.
    if (!existsSync(path)) continue;
    const bytes = readFileSync(path);
    for (const word of words) if (bytes.includes(word) || bytes.includes(Buffer.from(word, 'utf16le'))) hits.push(`${word} in ${entry.name}`);
  }
  return hits;
}

/** Records of the account's database. */
function stored(person: Person): Promise<number> {
  return person.page.evaluate(
    () =>
      new Promise<number>((done, failed) => {
        const opening = indexedDB.open('kavalek');
        opening.onerror = () => failed(new Error('no database'));
        opening.onsuccess = () => {
          const counting = opening.result.transaction('entries').objectStore('entries').count();
          counting.onsuccess = () => {
            opening.result.close();
            done(counting.result);
          };
        };
      }),
  );
}

async function heap(context: BrowserContext, person: Person): Promise<string> {
  const tools = await context.newCDPSession(person.page);
  const parts: string[] = [];
  tools.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => parts.push(chunk));
  await tools.send('HeapProfiler.collectGarbage');
  await tools.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await tools.detach();
  return parts.join('');
}

// K-70, K-71, K-72, K-74
test('Installed, the app opens without a network and sends in order afterwards; a new release waits to be asked; locked and closed, nothing of it is left to read', async () => {
  const profile = folder();
  const words = { name: canary(), text: canary(), draft: canary() };
  const context = await launchProfile(profile, phone);
  const marie = await Person.in(context, 'marie-installed');
  const answers: string[] = [];
  context.on('response', response => {
    const { pathname } = new URL(response.url());
    if (/^\/(api|auth)\//.test(pathname) && response.headers()['cache-control'] !== 'no-store') answers.push(pathname);
  });
  await marie.signUp(stage.server.setup, 'marie', words.name);
  await marie.sees('No conversations yet');
  const jean = await stage.arrive('jean-online', { size: desktop });
  await jean.signUp(await invitation(marie, stage.server), 'jean', 'Jean');
  await jean.sees('No conversations yet');
  await writeTo(jean, stage.server, 'marie', `Hello ${words.text}`);
  await accept(marie, stage.server);
  const conversation = marie.page.url();

  // Installable: Chromium reads the manifest without an error, and the files of one release are here
  const tools = await context.newCDPSession(marie.page);
  expect((await tools.send('Page.getAppManifest')).errors).toEqual([]);
  expect((await tools.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([]);
  await marie.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const kept = await cached(marie);
  const release = await marie.page.locator('meta[name=kavalek-release]').getAttribute('content');
  expect(kept.names).toEqual([`kavalek-${release}`]);
  const files = readdirSync(builtApp, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !/\.(br|gz)$/.test(entry.name) && entry.name !== 'service-worker.js')
    .map(entry => join(entry.parentPath, entry.name).slice(builtApp.length).replace('/index.html', '/'))
    .filter(address => !address.startsWith('/admin/'));
  expect(kept.addresses.sort()).toEqual(files.sort());
  expect(Object.values(words).filter(word => kept.text.includes(word))).toEqual([]);

  // From a cold start without a network: list, history, composer; what is written waits, and goes in order
  await context.setOffline(true);
  await marie.page.goto('about:blank');
  await marie.page.goto(conversation);
  await marie.unlock();
  await marie.sees(words.text);
  await marie.send('First without a network');
  await marie.send('Second without a network');
  await marie.page.locator('[role=log] [title="Waiting to be sent"]').nth(1).waitFor();
  await marie.isAccessible('cold-offline');
  await context.setOffline(false);
  await jean.sees('Second without a network');
  const order = (await jean.page.locator('[data-bubble]').allTextContents()).map(text => /(First|Second) without/.exec(text)?.[1]).filter(Boolean);
  expect(order).toEqual(['First', 'Second']);

  // A new release: offered, not forced; what was begun stays, in this tab and the other
  const second = await marie.tab();
  await second.page.goto(`${stage.server.origin}/#/`);
  await second.page.locator('[data-row]').waitFor();
  await marie.page.locator('textarea').fill(words.draft);
  const next = nextRelease();
  await stage.server.serve(next.app);
  await marie.page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()));
  await second.sees('A new version of Kavalek is here');
  await second.isAccessible('update');
  const releaseOf = (person: Person) => person.page.locator('meta[name=kavalek-release]').getAttribute('content');
  expect([await releaseOf(marie), await releaseOf(second)]).toEqual([release, release]);
  expect(await marie.page.locator('textarea').inputValue()).toBe(words.draft);
  expect((await cached(marie)).names.sort()).toEqual([`kavalek-${release}`, `kavalek-${next.id}`].sort());
  await second.button('Load it').click();
  for (const tab of [marie, second]) {
    await expect.poll(() => releaseOf(tab).catch(() => null)).toBe(next.id);
    await tab.page.locator('input[name=password]').waitFor();
  }
  await expect.poll(async () => (await cached(marie)).names).toEqual([`kavalek-${next.id}`]);
  await second.page.close();
  await marie.unlock();
  await marie.sees(words.text);

  // Locked: the worker that had the keys is gone with its memory, and the page remembers nothing
  const [before] = marie.page.workers();
  const ended = new Promise(gone => before!.once('close', gone));
  await marie.page.goto(`${stage.server.origin}/#/`);
  expect(await heap(context, marie)).toContain(words.text);
  await marie.button('Lock').click();
  await marie.page.locator('input[name=password]').waitFor();
  await ended;
  await expect.poll(() => marie.page.workers().length).toBe(1);
  const afterwards = await heap(context, marie);
  expect(Object.values(words).filter(word => afterwards.includes(word))).toEqual([]);
  expect(afterwards).not.toContain(password);

  // Back and forward bring nothing back
  await marie.page.goBack();
  await marie.page.locator('input[name=password]').waitFor();
  expect(await marie.page.locator('body').innerText()).not.toMatch(new RegExp(Object.values(words).join('|')));

  marie.isContent(stage.server, /favicon|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|WebSocket|status of 40[134]|Failed to fetch|network error/);
  expect(answers).toEqual([]);
  await marie.page.evaluate(text => localStorage.setItem('shown', text), 'positive-control-4711');
  await context.close();

  // The closed profile: no word of anybody, no password; what the test itself wrote in the clear is found. The address that somebody logs in with is what browsers keep for
  // their password managers; nothing else that was typed is
  expect(found(profile, ['positive-control-4711'])).not.toEqual([]);
  expect(found(profile, [...Object.values(words), password, 'First without a network'])).toEqual([]);

  // Logged out with all that is here: the database is empty, and Back leads to nothing
  await jean.page.goto(`${stage.server.origin}/#/settings`);
  expect(await stored(jean)).toBeGreaterThan(0);
  await jean.button('Log out').click();
  await jean.button('Delete everything here').click();
  await jean.sees('Welcome');
  expect(await stored(jean)).toBe(0);
  expect((await cached(jean)).text).not.toContain(words.text);
  await jean.page.goBack();
  await jean.sees('Welcome');
  expect(await jean.page.locator('body').innerText()).not.toMatch(new RegExp(Object.values(words).join('|')));
  await stage.leave([jean], /favicon|ERR_CONNECTION|WebSocket|status of 40[134]|Failed to fetch/);
});
