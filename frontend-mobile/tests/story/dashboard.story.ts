import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Route } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { accept, writeTo } from './meeting';
import { desktop, inEnglish, inFrench, password, phone, tablet, type Person } from './person';
import { setStage } from './stage';

// A server that makes backups by itself, under a key beside it
const backups = mkdtempSync(join(tmpdir(), 'kavalek-backups-'));
writeFileSync(join(backups, 'key'), randomBytes(32).toString('base64'), { mode: 0o600 });
afterAll(() => rmSync(backups, { recursive: true, force: true }));
const stage = setStage('--rate-factor', '100', '--backup-to', join(backups, 'made'), '--backup-key-file', join(backups, 'key'));

const payloads = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  '<a href="javascript:alert(1)">a</a>',
  '${alert(1)}{{7*7}}',
  '\u202egnp.exe\u2066<b>\u2069',
];

/** Opens the dashboard; an account that is locked is unlocked by the same password. */
async function openDashboard(person: Person, words = { password: 'Your password', open: 'Open' }): Promise<void> {
  await person.page.goto(`${stage.server.origin}/admin`);
  await person.page.getByLabel(words.password).first().fill(password);
  await person.button(words.open).click();
}

const go = (person: Person, screen: string) => person.page.evaluate(name => void (location.hash = `#/${name}`), screen);
const answer = (route: Route, body: unknown) => route.fulfill({ status: 200, contentType: 'application/json', body: JSON.stringify(body) });
const plain = async (person: Person) => (await person.page.locator('main').innerText()).replace(/[\u2066-\u2069]/g, '');

/** Whether a page is free of what axe finds on a tablet in the dark, a phone and a desk. (Every look of every page: tests/figures/looks.figures.ts.) */
async function fits(desk: Person, name: string): Promise<void> {
  for (const [size, of, colorScheme] of [
    [tablet, '-tablet', 'dark'],
    [phone, '-phone', 'light'],
    [desktop, '', 'light'],
  ] as const) {
    await desk.page.emulateMedia({ colorScheme });
    await desk.page.setViewportSize(size);
    await desk.isAccessible(`${name}${of}`);
  }
}

// K-27, K-28, K-58, K-59
test('An owner runs the server and everybody reads what was done, a member gets nowhere, and whatever a server says is text', async () => {
  // Without an account there is nothing to open, and the way to the app
  const visitor = await stage.arrive('dashboard-visitor', { size: phone });
  await visitor.page.goto(`${stage.server.origin}/admin`);
  await visitor.sees('No account in this browser');
  await visitor.isAccessible('no-account');
  await visitor.page.getByRole('link', { name: 'Log in to Kavalek' }).click();
  await visitor.button('Log in').waitFor();
  await visitor.context.close();

  // The link of the first start leads to the pages that set the server up
  const marie = await stage.arrive('dashboard-marie', { size: desktop });
  await marie.signUp(stage.server.setup, 'marie', 'Marie', { ...inEnglish, later: 'Set it up' });
  await marie.sees('Open the dashboard');
  await marie.isAccessible('gate');
  await marie.page.goto(stage.server.origin);
  await marie.unlock();
  await marie.sees('No conversations yet');

  // Beside the app, in another tab: one account, one worker
  const desk = await marie.tab();
  await desk.page.goto(`${stage.server.origin}/admin`);
  await desk.sees('Open the dashboard');
  await desk.page.getByLabel('Your password').first().fill('not the password');
  await desk.button('Open').click();
  await desk.sees('That is not your password');
  await desk.page.getByLabel('Your password').first().fill(password);
  await desk.page.keyboard.press('Enter');
  const [forJean] = await setUp(desk);

  await desk.sees('Messages a minute');
  await desk.page.locator('canvas').nth(5).waitFor();
  await fits(desk, 'overview');
  await desk.page.setViewportSize(phone);
  await desk.button('Sections').click();
  await desk.isAccessible('menu-phone');
  await desk.page.keyboard.press('Escape');
  await desk.page.setViewportSize(desktop);
  await desk.button('Mail: Try it now').click();
  await desk.sees('Nobody answers there.');

  await go(desk, 'invites');
  await desk.button('Make the link').click();
  const forEve = (await desk.page.getByText('#invite=').textContent())!.trim();
  await fits(desk, 'invites');

  const jean = await stage.arrive('dashboard-jean', { size: phone, language: 'fr-FR', dark: true });
  const eve = await stage.arrive('dashboard-eve', { size: phone });
  await Promise.all([jean.signUp(forJean, 'jean', 'Jean', inFrench), eve.signUp(forEve, 'eve', payloads[0]!)]);
  await jean.sees('Pas encore de conversation');
  await eve.sees('No conversations yet');

  // A member stays at the door, whatever the address; nothing is shown, nothing is done
  const refused: number[] = [];
  eve.page.on('response', response => void (/\/v1\/admin\//.test(response.url()) && refused.push(response.status())));
  await eve.page.goto(`${stage.server.origin}/admin#/people`);
  await eve.page.getByLabel('Your password').first().fill(password);
  await eve.button('Open').click();
  await eve.sees('Your account has no rank on this server');
  await eve.isAccessible('no-rank');
  expect(await eve.page.getByRole('navigation').count()).toBe(0);
  expect(await eve.page.locator('table').count()).toBe(0);
  // Nor by hand, from the very page
  const byHand = await eve.page.evaluate(async () => {
    const statuses: number[] = [];
    for (const [method, path] of [
      ['GET', '/auth/v1/admin/overview'],
      ['GET', '/auth/v1/admin/people'],
      ['POST', '/auth/v1/admin/sessions/renew'],
      ['PUT', '/auth/v1/admin/policy'],
      ['GET', '/api/v1/admin/overview'],
      ['GET', '/api/v1/admin/groups'],
      ['GET', '/api/v1/admin/storage'],
      ['GET', '/auth/v1/admin/reports'],
      ['GET', '/auth/v1/admin/settings'],
      ['POST', '/auth/v1/admin/backups/run'],
    ] as const)
      for (const token of [null, 'Bearer e30.e30.e30']) statuses.push((await fetch(path, { method, headers: token ? { authorization: token } : {} })).status);
    return statuses;
  });
  expect(byHand.filter(status => status !== 401)).toEqual([]);
  expect(refused.filter(status => status < 400)).toEqual([]);

  // By keyboard: found, looked at, and made an admin
  await go(desk, 'people');
  await desk.sees('3 people');
  await fits(desk, 'people');
  await desk.page.getByLabel('Search by handle').fill('je');
  await desk.sees('1 person');
  const row = desk.page.getByRole('button', { name: '@jean' });
  await row.focus();
  await desk.page.keyboard.press('Enter');
  await desk.sees('What you can do');
  await fits(desk, 'person');
  await desk.page.keyboard.press('Escape');
  await expect.poll(() => row.evaluate(element => element === document.activeElement)).toBe(true);
  await desk.page.keyboard.press('Enter');
  await desk.page.locator('dialog').getByLabel('Rank').selectOption({ label: 'Admin' });
  await desk.button('Give this rank').click();
  await desk.page.locator('dialog').getByRole('button', { name: 'Give this rank' }).click();
  await desk.page.locator('table').getByText('Admin').waitFor();

  // He writes to somebody, and has the dashboard open, in French, in the dark, on a phone
  await writeTo(jean, stage.server, 'eve', insult, 'Trouver');
  await eve.page.goto(`${stage.server.origin}/#/`);
  await eve.unlock();
  await accept(eve, stage.server);
  await eve.sees(insult);
  await jean.page.locator('[data-file-picker]').setInputFiles([{ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.alloc(40_000, 'x') }]);
  await jean.sees('notes.txt');
  await jean.send('And this');
  await eve.sees('And this');
  await openDashboard(jean, { password: 'Votre mot de passe', open: 'Ouvrir' });
  await jean.sees('Messages par minute');
  await jean.isAccessible('overview');
  for (const [screen, shown] of [
    ['people', '@eve'],
    ['groups', '1 conversation'],
    ['storage', '1 compte garde quelque chose ici'],
    ['reports', 'Aucun signalement n’attend de décision.'],
    ['backups', 'La plus récente'],
  ] as const) {
    await go(jean, screen);
    await jean.sees(shown);
    await jean.isAccessible(screen);
  }

  await reports(desk, jean, eve);

  // What he was is seen where he was, and comes back
  await go(desk, 'people');
  await desk.page.getByLabel('Search by handle').fill('je');
  await desk.page.locator('table').getByText('Suspended').locator('visible=true').waitFor();
  await row.click();
  await desk.button(/^Let in again/).click();
  await desk.button('Let in again').click();
  await desk.page.locator('table').getByText('Active').locator('visible=true').waitFor();
  // What nothing brings back wants the handle typed, and can be thought better of
  await row.click();
  await desk.button(/^Delete/).click();
  await expect.poll(() => desk.button('Delete').isDisabled()).toBe(true);
  await desk.isAccessible('delete');
  await desk.button('Cancel').click();

  await machinery(desk);

  // The policy; the server wants the password once more, and the change goes on
  await go(desk, 'policy');
  await desk.page.getByLabel('At most').selectOption({ label: '4 weeks' });
  await fits(desk, 'policy');
  let asked = 0;
  await desk.page.route('**/auth/v1/admin/policy', route =>
    asked++ === 0
      ? route.fulfill({ status: 401, contentType: 'application/problem+json', body: JSON.stringify({ code: 'password_required', status: 401, title: 'x' }) })
      : route.continue(),
  );
  await desk.button('Put it in force').click();
  await desk.page.locator('dialog').getByRole('button', { name: 'Put it in force', exact: true }).click();
  await desk.sees('Your password once more');
  await desk.isAccessible('password-again');
  await desk.page.locator('dialog input[name=password]').fill(password);
  await desk.button('Continue').click();
  await desk.sees('In force from now on.');
  await desk.sees('Version 2');

  // The log holds together here, and every member reads it in the app
  await go(desk, 'audit');
  await desk.sees('Each line follows from the one before');
  await fits(desk, 'audit');
  for (const said of [
    '@marie opened the dashboard',
    '@marie finished setting this server up',
    '@marie changed the settings (name)',
    '@marie changed the settings (mail)',
    '@marie made @jean admin',
    '@marie suspended @jean',
    '@marie decided a report (somebody was suspended)',
    '@marie let @jean in again',
    '@marie deleted files older than 30 days of @jean',
    '@marie ran a backup',
    '@marie tested a backup',
    'put version 2 of the policy in force',
  ])
    expect(await plain(desk)).toContain(said);
  await eve.page.goto(`${stage.server.origin}/#/settings/server`);
  await eve.sees(/of the policy in force/);
  await eve.sees('Each line follows from the one before');
  await eve.isAccessible('audit');

  // All that the server sees
  await go(desk, 'sees');
  await desk.sees('The whole truth');
  await desk.page.locator('code').first().waitFor();
  await fits(desk, 'sees');

  // A log that was changed is not taken; it is read by the worker, whichever tab has that
  await marie.context.route('**/auth/v1/audit*', async route => {
    const page = (await (await route.fetch()).json()) as { records: { act: string }[] };
    page.records[1]!.act = 'resumed';
    await answer(route, page);
  });
  await go(desk, 'overview');
  await go(desk, 'audit');
  await desk.sees(/answered what no honest server answers/);
  await desk.isAccessible('audit-broken');

  // Closing leaves nothing behind
  await desk.button('Close the dashboard').click();
  await desk.sees('Open the dashboard');
  expect(await desk.page.locator('body').innerText()).not.toMatch(/@jean|@eve/);

  const other = await stage.arrive('dashboard-careful', { size: desktop });
  await other.page.goto(stage.server.origin);
  await other.button('Log in').click();
  await other.page.locator('input[name=email]').fill('marie@example.org');
  await other.page.locator('input[name=password]').fill(password);
  await other.button('Log in').click();
  await other.sees('One more step');
  // A device that was not let in yet opens nothing
  const response = await other.page.goto(`${stage.server.origin}/admin`);
  await other.page.getByLabel('Your password').first().fill(password);
  await other.button('Open').click();
  await other.sees('This browser is not let in yet');
  await other.isAccessible('waiting');
  const policy = response!.headers()['content-security-policy']!;
  for (const part of [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
  ])
    expect(policy).toContain(part);
  await other.context.close();

  await nothingRuns(desk);
  await stage.leave([marie, jean, eve], /favicon|status of 4(0[134]|29)|status of 503|Content Security Policy|TrustedScript|Trusted Type|requires 'Trusted/);
});

const insult = 'You will regret this <b>';

/** Through the pages that set a server up, by keyboard and by click; the link that they end with. */
async function setUp(desk: Person): Promise<[string]> {
  await desk.sees('Its name and address');
  const name = desk.page.getByLabel('Name', { exact: true });
  await name.fill('The harbour desk');
  await fits(desk, 'setup-name');
  await name.press('Enter');
  await desk.sees('By invitation, a server stays among people');
  await fits(desk, 'setup-join');
  await desk.page.getByLabel('Who may make an account').selectOption({ label: 'Anybody' });
  await desk.button('Next').click();
  // Mail: what is wrong is said at its field; what nobody answers is tried, and told
  await desk.page.getByLabel('Send mail').check();
  await desk.button('Next').click();
  await desk.sees('A name such as mail.example.org.');
  await fits(desk, 'setup-mail');
  await desk.page.getByLabel('Mail server').fill('127.0.0.1');
  await desk.page.getByLabel('Port').fill('9');
  await desk.page.getByLabel('Sender').fill('kavalek@example.org');
  await desk.button('Next').click();
  await desk.sees('Sends a letter to your own address');
  await desk.button('Next').click();
  await desk.sees('A socket opens through everything');
  await desk.sees('The server knows the address of this page.');
  await desk.sees('The server makes them by itself.');
  await desk.page.locator('main li[class*=good], main li[class*=advice], main li[class*=bad]').nth(6).waitFor();
  await fits(desk, 'setup-checks');
  await desk.button('Next').click();
  await desk.button('Make the link').click();
  const link = (await desk.page.getByText('#invite=').textContent())!.trim();
  await fits(desk, 'setup-invite');
  await desk.button('Finish').click();
  await desk.sees('This server is set up.');
  expect(await desk.page.getByRole('link', { name: 'Set up this server' }).count()).toBe(0);
  return [link];
}

/** Eve shows Jean’s words to those who run the server; Marie sees who wrote them, suspends him, and decides. */
async function reports(desk: Person, jean: Person, eve: Person): Promise<void> {
  for (const times of ['Once', 'Twice']) {
    await eve.page
      .locator('[role=log] li[data-message]', { hasText: insult })
      .last()
      .locator('[data-bubble]')
      .click({ button: 'right', position: { x: 14, y: 10 } });
    await eve.page.getByRole('menuitem', { name: 'Report…' }).click();
    await eve.sees(/owner since/);
    // To who runs the server, and never to who wrote it
    expect(await eve.page.locator('dialog[open]').innerText()).not.toContain('admin since');
    await eve.page.getByLabel('Why').selectOption({ label: 'A threat, or a call to violence' });
    await eve.page.getByLabel('What you want to say about it').fill(`${times}, ${payloads[0]!}`);
    await eve.isAccessible('report');
    await eve.page.locator('dialog').getByRole('button', { name: 'Report', exact: true }).click();
    await eve.sees('Those who run the server will decide');
  }

  await go(desk, 'reports');
  await desk.sees('2 reports wait for a decision');
  await fits(desk, 'reports');
  const waiting = desk.page.locator('main a[href^="#/reports/"]');
  await waiting.first().focus();
  await desk.page.keyboard.press('Enter');
  await desk.sees(/^Written by .*@jean.*signed by a device of that account/);
  await desk.sees(insult);
  await desk.sees('A threat, or a call to violence');
  await desk.sees(payloads[0]!);
  expect(await desk.page.locator('main img, main b').count()).toBe(0);
  await fits(desk, 'report');
  // What is done about who wrote it is an act of its own: his dashboard closes at once
  await desk.button(/@jean/).click();
  await desk.button(/^Suspend/).click();
  await desk.sees(/is logged out everywhere at once/);
  await desk.isAccessible('suspend');
  await desk.button('Suspend').click();
  await desk.sees('Done. The audit log says so');
  await go(jean, 'people');
  await jean.page.getByLabel('Votre mot de passe').first().waitFor();
  expect(await jean.page.locator('body').innerText()).not.toContain('@eve');
  await desk.button(/^Somebody was suspended for it/).click();
  await desk.sees(/The report is deleted for good/);
  await desk.isAccessible('decide');
  await desk.button('Close this report').click();
  await desk.sees('1 report waits for a decision');

  // A report that the server has changed does not open, and can be put away
  await desk.context.route(/\/auth\/v1\/admin\/reports\/[0-9a-f]{32}$/, async route => {
    const report = (await (await route.fetch()).json()) as { sealed: string };
    const at = report.sealed.length >> 1;
    await answer(route, { ...report, sealed: `${report.sealed.slice(0, at)}${report.sealed[at] === 'A' ? 'B' : 'A'}${report.sealed.slice(at + 1)}` });
  });
  await waiting.first().click();
  await desk.sees('This report does not open');
  await desk.isAccessible('report-damaged');
  await desk.button(/^Nothing is to be done/).click();
  await desk.button('Close this report').click();
  await desk.sees('No report waits for a decision.');
}

/** Groups, storage, backups, settings, and what tells of several nodes. */
async function machinery(desk: Person): Promise<void> {
  await go(desk, 'groups');
  await desk.sees('1 conversation');
  await fits(desk, 'groups');
  expect(await plain(desk)).not.toMatch(/jean|eve/i);

  await go(desk, 'storage');
  await desk.sees('@jean');
  await fits(desk, 'storage');
  await desk.button(/^Delete old files of .*@jean/).click();
  await desk.sees('There are none that old.');
  const purge = desk.page.locator('dialog').getByRole('button', { name: 'Delete old files' });
  expect(await purge.isDisabled()).toBe(true);
  // As it is where some are: it says what would go, and the password of before is not asked again
  await desk.page.route('**/api/v1/admin/storage/purge*', route => answer(route, { files: 3, bytes: 4_000_000 }));
  await desk.page.locator('dialog').getByLabel('That came longer ago than').selectOption({ label: '2 weeks' });
  await desk.sees('3 files would go: 4 MB. Nothing is deleted yet.');
  await desk.page.locator('dialog').getByLabel('That came longer ago than').selectOption({ label: '30 days' });
  await fits(desk, 'purge');
  await purge.click();
  await desk.sees('They go within seconds.');

  await go(desk, 'backups');
  await desk.sees('Time between two');
  await desk.button('Back up now').click();
  await desk.sees(/^Made, /);
  await desk.button('Test the newest').click();
  await desk.sees(/^Whole; it was made/);
  await fits(desk, 'backups');
  // How it is while one works, and where none are set up
  const state = { isSetUp: true, every: 43_200, keep: 14, backups: [], work: { what: 'test', since: 1, done: 3e6, of: 9e6 } };
  await desk.page.route('**/auth/v1/admin/backups', route => answer(route, state));
  await go(desk, 'sees');
  await go(desk, 'backups');
  await desk.sees('3 MB of about 9 MB');
  await desk.isAccessible('backups-working');
  expect(await desk.button('Back up now').isDisabled()).toBe(true);
  await desk.page.unroute('**/auth/v1/admin/backups');
  await desk.page.route('**/auth/v1/admin/backups', route => answer(route, { isSetUp: false, every: 0, keep: 0, backups: [] }));
  await go(desk, 'sees');
  await go(desk, 'backups');
  await desk.sees('This server makes no backups by itself.');
  await fits(desk, 'backups-off');
  await desk.page.unroute('**/auth/v1/admin/backups');

  await go(desk, 'settings');
  expect(await desk.page.getByLabel('Name', { exact: true }).inputValue()).toBe('The harbour desk');
  await desk.page.getByLabel('User').fill('desk');
  await desk.page.locator('input[type=password]').fill('not the password of anybody here');
  await fits(desk, 'settings');
  await desk.button('Save').last().click();
  await desk.sees('Saved. The audit log says');
  await desk.sees('Left empty, it stays as it is.');

  // Several nodes, and how it has grown
  await desk.page.route('**/api/v1/admin/overview', async route => {
    const real = (await (await route.fetch()).json()) as { nodes: { node: string }[] };
    const day = Math.floor(Date.now() / 86_400_000) * 86_400;
    const growth = Array.from({ length: 40 }, (_, n) => ({ day: day - (39 - n) * 86_400, databaseBytes: 4e8 + n * 3e6, attachmentBytes: 1e8 + n * n * 2e6 }));
    await answer(route, {
      ...real,
      freeBytes: 4e8,
      growth,
      nodes: [real.nodes[0], { ...real.nodes[0], node: 'ab'.repeat(16), delivery: { count: 9, p50: 900, p99: 14_000 } }],
    });
  });
  await go(desk, 'overview');
  await desk.sees('2 nodes deliver');
  await desk.sees(/Only 400 MB are free on the disk/);
  await desk.sees(/^In 30 days: databases/);
  await fits(desk, 'overview-nodes');
  await desk.page.unroute('**/api/v1/admin/overview');
}

/** A server, or whoever has its database, says what it likes: it is text, and the page runs nothing else than its own. */
async function nothingRuns(desk: Person): Promise<void> {
  const id = (n: number) => n.toString(16).padStart(32, '0');
  await desk.page.route('**/auth/v1/admin/overview', route =>
    answer(route, {
      version: payloads[1],
      accounts: 1,
      suspended: 0,
      left: 0,
      devices: 1,
      sessions: 1,
      invites: 0,
      databaseBytes: 1,
      mail: false,
      memoryBytes: 1,
      apart: false,
    }),
  );
  const delivery = { count: 1, p50: 1, p99: 1 };
  const figures = { connections: 1, entriesPerMinute: 1, queueDepth: 0, memoryBytes: 1, started: 1, delivery };
  await desk.page.route('**/api/v1/admin/overview', route =>
    answer(route, {
      ...figures,
      databaseBytes: 1,
      attachmentBytes: 1,
      archiveBytes: 1,
      freeBytes: 1e12,
      growth: [],
      nodes: payloads.map(node => ({ ...figures, node })),
    }),
  );
  await desk.page.route('**/api/v1/admin/push/test', route => answer(route, { services: payloads.map(service => ({ service, outcome: service })) }));
  await desk.page.route('**/auth/v1/admin/mail/test', route => answer(route, { outcome: 'constructor', detail: payloads[0] }));
  await desk.page.route('**/auth/v1/admin/settings', route =>
    answer(route, { name: payloads[2], mail: { host: payloads[0], port: 1, from: payloads[1], user: payloads[3] } }),
  );
  await desk.page.route('**/auth/v1/admin/backups', route =>
    answer(route, {
      isSetUp: true,
      every: 60,
      keep: 1,
      backups: [],
      lastRun: { at: 1, outcome: payloads[4], bytes: 1 },
      lastTest: { at: 1, outcome: 'toString', bytes: 1 },
    }),
  );
  await desk.page.route('**/api/v1/admin/storage?*', route =>
    answer(route, { accounts: [{ account: id(7), attachmentBytes: 1, files: 1, archiveBytes: 1 }], total: 1 }),
  );
  await desk.page.route(`**/auth/v1/admin/people/${id(7)}`, route =>
    answer(route, { account: id(7), handle: payloads[0], rank: 'member', state: 'active', devices: 1, sessions: 1 }),
  );
  await desk.page.route('**/auth/v1/admin/people?*', route =>
    answer(route, {
      people: payloads.map((handle, n) => ({ account: id(n + 1), handle, rank: 'member', state: 'active', devices: 1, sessions: 1 })),
      total: payloads.length,
    }),
  );
  await desk.page.route('**/auth/v1/admin/server-sees', route =>
    answer(route, { parts: payloads.map(text => ({ title: text, items: [{ names: [text], purpose: text, lifetime: text }] })) }),
  );
  await desk.page.route('**/auth/v1/admin/invites', route => answer(route, [{ invite: id(3), usesLeft: 1, expires: 1, rank: payloads[0] }]));
  await openDashboard(desk);
  await desk.sees('Messages a minute');
  await desk.page.evaluate(() => {
    const seen: string[] = ((globalThis as { stopped?: string[] }).stopped = []);
    document.addEventListener('securitypolicyviolation', event => seen.push(event.effectiveDirective));
  });
  for (const [screen, shown] of [
    ['overview', payloads[1]!],
    ['people', payloads[0]!],
    ['storage', payloads[0]!],
    ['backups', payloads[4]!],
    ['settings', 'Sends a letter to your own address'],
    ['sees', payloads[3]!],
    ['invites', 'Open invitations'],
  ] as const) {
    await go(desk, screen);
    await desk.sees(shown);
    if (screen === 'people') {
      await desk.page.locator('table button').first().click();
      await desk.page.locator('dialog').waitFor();
      await desk.button(/^Delete/).click();
      await desk.sees(payloads[0]!);
      await desk.button('Cancel').click();
    }
    if (screen === 'overview') {
      for (const test of ['Mail', 'Waking devices']) await desk.button(`${test}: Try it now`).click();
      await desk.sees(/constructor/);
      await desk.sees(/onerror.*: .*onerror/);
    }
    await desk.picture(`hostile-${screen}`);
    const made = await desk.page.evaluate(
      () =>
        document.querySelectorAll(
          'script:not([src^="/admin/assets/"]), iframe, object, embed, base, img[src="x"], svg[onload], a[href^="javascript:"], [onerror], main b',
        ).length,
    );
    expect(made, screen).toBe(0);
  }
  expect(await desk.page.evaluate(() => (globalThis as { stopped?: string[] }).stopped)).toEqual([]);
  // What would run anything is stopped
  const tried = await desk.page.evaluate(async () => {
    // The tools that drive a page may evaluate, as long as their own call lasts.
    await new Promise(later => setTimeout(later));
    const outcomes: string[] = [];
    for (const attempt of [
      () => eval('1'),
      () => Reflect.set(document.body, 'innerHTML', '<b>x</b>'),
      () => void (document.body.appendChild(document.createElement('script')).src = '/admin/assets/x.js'),
      () => new Worker('/assets/x.js'),
    ]) {
      try {
        attempt();
        outcomes.push('done');
      } catch (error) {
        outcomes.push((error as Error).name);
      }
    }
    return outcomes;
  });
  expect(tried).toEqual(['EvalError', 'TypeError', 'TypeError', 'TypeError']);
}
