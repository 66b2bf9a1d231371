import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { accept, invitation, writeTo } from '../story/meeting';
import { desktop, launchProfile, Person } from '../story/person';
import { setStage } from '../story/stage';

const stage = setStage();
const mebibytes = Number(process.env['KAVALEK_MEBIBYTES'] ?? 256);
const say = (what: string, figure: string): void => console.log(`${what}: ${figure}`);

/** Bytes in memory of each process of the browser below this one: a `renderer` has a page and its worker. What processes share is counted in parts. */
function memory(): Map<string, number> {
  const parents = new Map<number, number>();
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    const stat = read(`/proc/${pid}/stat`);
    if (stat) parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at && at !== 1; at = parents.get(at)) if (at === process.pid) return true;
    return false;
  };
  const found = new Map<string, number>();
  for (const pid of parents.keys()) {
    const words = read(`/proc/${pid}/cmdline`);
    if (!words.includes('chrom') || !isBelow(pid)) continue;
    const kind = /--type=([\w-]+)/.exec(words)?.[1] ?? 'browser';
    // Not what is mapped of files, which the system takes back when it likes.
    const kilobytes = [...read(`/proc/${pid}/smaps_rollup`).matchAll(/^Pss_(?:Anon|Shmem):\s+(\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
    found.set(`${kind} ${pid}`, kilobytes * 1024);
  }
  return found;
}

function read(path: string): string {
  try {
    return existsSync(path) ? readFileSync(path, 'latin1') : '';
  } catch {
    return '';
  }
}

/** How long something takes, and how much more memory there is in use at most meanwhile. */
async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
  const before = memory();
  const most = new Map(before);
  const timer = setInterval(() => {
    for (const [kind, bytes] of memory()) most.set(kind, Math.max(bytes, most.get(kind) ?? 0));
  }, 500);
  const begin = performance.now();
  await work();
  const seconds = (performance.now() - begin) / 1000;
  clearInterval(timer);
  const grown = [...most]
    .filter(([, bytes]) => bytes > 50e6)
    .map(([process, bytes]) => `${process} ${((before.get(process) ?? 0) / 1e6).toFixed(0)} to ${(bytes / 1e6).toFixed(0)} MB`);
  say(what, `${seconds.toFixed(1)} s, ${((mebibytes * 1.048576) / seconds).toFixed(1)} MB/s; ${grown.join(', ')}`);
}

const digest = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
};

test(`a file of ${mebibytes} MiB goes up and comes down`, { timeout: 900_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kavalek-file-'));
  const path = join(folder, 'film.bin');
  await pipeline(
    Readable.from(
      (function* () {
        for (let n = 0; n < mebibytes; n++)
          yield crypto
            .getRandomValues(Buffer.alloc(1 << 16))
            .toString('latin1')
            .repeat(16);
      })(),
    ),
    createWriteStream(path, { encoding: 'latin1' }),
  );
  // A browser each, with a profile on the disk: without one a browser keeps in its memory whatever a page stores.
  const arrive = async (name: string) => Person.in(await launchProfile(join(folder, name), desktop), name);
  const marie = await arrive('marie');
  await marie.signUp(stage.server.setup, 'marie', 'Marie');
  await marie.sees('No conversations yet');
  const jean = await arrive('jean');
  await jean.signUp(await invitation(marie, stage.server), 'jean', 'Jean');
  await jean.sees('No conversations yet');
  await writeTo(jean, stage.server, 'marie', 'Bonjour');
  await accept(marie, stage.server);
  const row = (person: Person) => person.page.locator('[role=log] li', { hasText: 'film.bin' });

  await marie.page.locator('[data-file-picker]').setInputFiles(path);
  await marie.button(/^Leave out/).waitFor();
  await measure('reading and encrypting', async () => {
    await marie.page.locator('textarea ~ button').click();
    await row(marie).first().waitFor({ timeout: 600_000 });
  });
  await measure('uploading', async () => {
    await row(marie).locator('progress').waitFor({ state: 'detached', timeout: 600_000 });
    await row(jean).first().waitFor({ timeout: 600_000 });
  });
  await measure('downloading and saving', async () => {
    const arrived = jean.page.waitForEvent('download', { timeout: 600_000 });
    await jean.button(/^Save\s*film\.bin/).click();
    const saved = await (await arrived).path();
    expect(await digest(saved)).toBe(await digest(path));
  });
  for (const person of [marie, jean]) {
    expect(person.complaints.filter(text => !text.includes('favicon'))).toEqual([]);
    await person.context.close();
  }
  await rm(folder, { recursive: true });
});
