import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { desktop, launch, password, Person } from '../story/person';
import { builtApp, Server } from '../story/server';

const people = 10_000;
const say = (what: string, figure: string): void => console.log(`${what}: ${figure}`);
const middle = (all: readonly number[]) => [...all].sort((a, b) => a - b)[all.length >> 1]!;

/** Puts people into a database whose server does not run, each with two devices of which one is logged in: signing them all up would be ten thousand bcrypts. */
const fill = `
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
first = ["marie", "jean", "awa", "tom", "ines", "leila", "paul", "rosa", "yusuf", "zoe"]
for n in range(int(sys.argv[2])):
    account, devices = os.urandom(16), [os.urandom(16), os.urandom(16)]
    db.execute("INSERT INTO account (id, handle, rank, state, email_lookup, email_sealed, password, kdf_algorithm, kdf_iterations, account_key, device_list, list_number) VALUES (?,?,?,?,?,?,'x','x',600000,?,?,1)",
        (account, "%s_%05d" % (first[n % 10], n), "moderator" if n % 500 == 0 else "member", "suspended" if n % 97 == 0 else "active", os.urandom(32), os.urandom(60), os.urandom(65), os.urandom(400)))
    for device in devices:
        db.execute("INSERT INTO device (id, account, device_key, certificate, added, last_seen) VALUES (?,?,?,?,20000,20000)", (device, account, os.urandom(65), os.urandom(300)))
    db.execute("INSERT INTO session (id, device, family, refresh, expires) VALUES (?,?,?,?,1000000)", (os.urandom(16), devices[0], os.urandom(32), os.urandom(32)))
db.commit()
`;

test('how quick the dashboard is with ten thousand accounts', async () => {
  const server = await Server.start(['--rate-factor', '1000']);
  const browser = await launch();
  const owner = await Person.arrive(browser, 'marie', { size: desktop });
  await owner.signUp(server.setup, 'marie', 'Marie');
  await owner.sees('No conversations yet');
  await server.while(folder => void execFileSync('python3', ['-c', fill, join(folder, 'auth.db'), String(people)]), builtApp);

  await owner.page.goto(`${server.origin}/admin#/people`);
  await owner.page.getByLabel('Your password').first().fill(password);
  const calls = new Map<string, number[]>();
  owner.page.on('requestfinished', request => {
    if (!request.url().includes('/admin/people')) return;
    const kind = new URL(request.url()).searchParams;
    const name = kind.has('after') ? 'the next page' : kind.has('search') ? 'a search' : 'the first page';
    const { responseEnd, requestStart } = request.timing();
    calls.set(name, [...(calls.get(name) ?? []), responseEnd - requestStart]);
  });
  const asked = performance.now();
  await owner.button('Open').click();
  await owner.page.locator('tbody tr').nth(99).waitFor();
  say('from the password to the first hundred, the stretching of the password in', `${(performance.now() - asked).toFixed(0)} ms`);
  const tell = async (what: string, act: () => Promise<unknown>, seen: () => Promise<unknown>): Promise<void> => {
    const start = performance.now();
    await act();
    await seen();
    say(what, `${(performance.now() - start).toFixed(0)} ms`);
  };
  for (const round of [1, 2, 3, 4, 5])
    await tell(
      `page ${round + 1} drawn`,
      () => owner.button('Show more').click(),
      () =>
        owner.page
          .locator('tbody tr')
          .nth(100 * round + 99)
          .waitFor(),
    );
  for (const [typed, count] of [
    ['zoe_09', '100 people'],
    ['zoe_0999', '1 person'],
    ['ro', '1,000 people'],
  ] as const)
    await tell(
      `search for ${typed} drawn, its 150 ms of waiting for more letters in`,
      () => owner.page.getByLabel('Search by handle').fill(typed),
      () => owner.sees(count),
    );
  for (const [name, times] of calls) say(`call for ${name}, ${times.length} of them, median`, `${middle(times).toFixed(1)} ms`);
  expect(calls.size).toBe(3);
  await browser.close();
  await server.stop();
});
