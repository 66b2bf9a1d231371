import { type Route } from 'playwright-core';
import { expect, test } from 'vitest';
import { desktop, password, phone, type Person } from './person';
import { setStage } from './stage';

const stage = setStage('--rate-factor', '100');
const tablet = { width: 820, height: 1180 };

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

// K-27, K-58, K-59
test('An owner runs the server and everybody reads what was done, a member gets nowhere, and whatever a server says is text', async () => {
  // Without an account there is nothing to open, and the way to the app
  const visitor = await stage.arrive('dashboard-visitor', { size: phone });
  await visitor.page.goto(`${stage.server.origin}/admin`);
  await visitor.sees('No account in this browser');
  await visitor.isAccessible('no-account');
  await visitor.page.getByRole('link', { name: 'Log in to Kavalek' }).click();
  await visitor.button('Log in').waitFor();
  await visitor.context.close();

  const marie = await stage.arrive('dashboard-marie', { size: desktop });
  await marie.signUp(stage.server.setup, 'marie', 'Marie');
  await marie.sees('No conversations yet');

  // Beside the app, in another tab: one account, one worker
  const desk = await marie.tab();
  await desk.page.goto(`${stage.server.origin}/admin`);
  await desk.sees('Open the dashboard');
  await desk.isAccessible('gate');
  await desk.page.getByLabel('Your password').first().fill('not the password');
  await desk.button('Open').click();
  await desk.sees('That is not your password');
  await desk.page.getByLabel('Your password').first().fill(password);
  await desk.page.keyboard.press('Enter');
  await desk.sees('Messages a minute');
  await desk.page.locator('canvas').nth(3).waitFor();
  await desk.isAccessible('overview');
  for (const [size, name] of [
    [tablet, 'tablet'],
    [phone, 'phone'],
  ] as const) {
    await desk.page.setViewportSize(size);
    await desk.isAccessible(`overview-${name}`);
  }
  await desk.button('Sections').click();
  await desk.isAccessible('menu-phone');
  await desk.page.keyboard.press('Escape');
  await desk.page.setViewportSize(desktop);

  // The first steps, which end with an invitation
  await desk.page.getByRole('link', { name: 'Set up this server' }).click();
  await desk.sees('Both are options of the server');
  await desk.isAccessible('setup-name');
  await desk.button('Next').click();
  await desk.sees('By invitation, a server stays among people');
  await desk.button('Next').click();
  await desk.sees('A socket opens through everything');
  await desk.sees('There is none yet');
  await desk.isAccessible('setup-checks');
  await desk.button('Next').click();
  const makeLink = async (): Promise<string> => {
    await desk.button('Make the link').click();
    return (await desk.page.getByText('#invite=').textContent())!.trim();
  };
  const forMember = await makeLink();
  await desk.isAccessible('setup-invite');
  await go(desk, 'invites');
  await desk.page.getByLabel('They become').selectOption({ label: 'Admin' });
  const forAdmin = await makeLink();
  await desk.isAccessible('invites');

  const jean = await stage.arrive('dashboard-jean', { size: phone, language: 'fr-FR', dark: true });
  const eve = await stage.arrive('dashboard-eve', { size: phone });
  await Promise.all([
    jean.signUp(forAdmin, 'jean', 'Jean', { submit: 'Créer le compte', make: 'Créer une clé de secours', written: 'Je les ai notés', confirm: 'Confirmer' }),
    eve.signUp(forMember, 'eve', payloads[0]!),
  ]);
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
    ] as const)
      for (const token of [null, 'Bearer e30.e30.e30']) statuses.push((await fetch(path, { method, headers: token ? { authorization: token } : {} })).status);
    return statuses;
  });
  expect(byHand.filter(status => status !== 401)).toEqual([]);
  expect(refused.filter(status => status < 400)).toEqual([]);

  // An admin, in French, in the dark, on a phone
  await openDashboard(jean, { password: 'Votre mot de passe', open: 'Ouvrir' });
  await jean.sees('Messages par minute');
  await jean.isAccessible('overview');
  await go(jean, 'people');
  await jean.sees('@eve');
  await jean.isAccessible('people');

  // By keyboard: found, looked at, and suspended, which says what it does and asks
  await go(desk, 'people');
  await desk.sees('3 people');
  await desk.isAccessible('people');
  await desk.page.getByLabel('Search by handle').fill('je');
  await desk.sees('1 person');
  const row = desk.page.getByRole('button', { name: '@jean' });
  await row.focus();
  await desk.page.keyboard.press('Enter');
  await desk.sees('What you can do');
  await desk.isAccessible('person');
  await desk.page.keyboard.press('Escape');
  await expect.poll(() => row.evaluate(element => element === document.activeElement)).toBe(true);
  await desk.page.keyboard.press('Enter');
  await desk.button(/^Suspend/).click();
  await desk.sees(/is logged out everywhere at once/);
  await desk.isAccessible('suspend');
  await desk.button('Suspend').click();
  await desk.sees('Done. The audit log says so');
  await desk.page.locator('table').getByText('Suspended').locator('visible=true').waitFor();
  // His dashboard closes with that
  await go(jean, 'audit');
  await jean.page.getByLabel('Votre mot de passe').first().waitFor();
  expect(await jean.page.locator('body').innerText()).not.toContain('@eve');
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

  // The policy; the server wants the password once more, and the change goes on
  await go(desk, 'policy');
  await desk.page.getByLabel('At most').selectOption({ label: '4 weeks' });
  await desk.isAccessible('policy');
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
  await desk.sees('Version 1');

  // The log holds together here, and every member reads it in the app
  await go(desk, 'audit');
  await desk.sees('Each record follows from the one before.');
  await desk.isAccessible('audit');
  for (const said of ['@marie opened the dashboard', '@marie suspended @jean', '@marie let @jean in again', 'put version 1 of the policy in force'])
    expect(await plain(desk)).toContain(said);
  await eve.page.goto(`${stage.server.origin}/#/settings/server`);
  await eve.unlock();
  await eve.sees(/of the policy in force/);
  await eve.sees('Each line follows from the one before');
  await eve.isAccessible('audit');

  // All that the server sees
  await go(desk, 'sees');
  await desk.sees('The whole truth');
  await desk.page.locator('code').first().waitFor();
  await desk.isAccessible('sees');

  // A log that was changed shows
  await desk.page.route('**/auth/v1/admin/audit*', async route => {
    const page = (await (await route.fetch()).json()) as { records: { act: string }[] };
    page.records[1]!.act = 'resumed';
    await answer(route, page);
  });
  await go(desk, 'audit');
  await desk.sees(/does not follow from the one before/);
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
  await stage.leave([marie, jean, eve], /favicon|status of 40[134]|Content Security Policy|TrustedScript|Trusted Type|requires 'Trusted/);
});

/** A server, or whoever has its database, says what it likes: it is text, and the page runs nothing else than its own. */
async function nothingRuns(desk: Person): Promise<void> {
  const id = (n: number) => n.toString(16).padStart(32, '0');
  await desk.page.route('**/auth/v1/admin/overview', route =>
    answer(route, { version: payloads[1], accounts: 1, suspended: 0, left: 0, devices: 1, sessions: 1, invites: 0, databaseBytes: 1, mail: false }),
  );
  await desk.page.route('**/api/v1/admin/overview', route =>
    answer(route, { connections: 1, entriesPerMinute: 1, queueDepth: 0, databaseBytes: 1, memoryBytes: 1, started: 1 }),
  );
  await desk.page.route('**/auth/v1/admin/people*', route =>
    answer(route, {
      people: payloads.map((handle, n) => ({ account: id(n + 1), handle, rank: 'member', state: 'active', devices: 1, sessions: 1 })),
      total: payloads.length,
    }),
  );
  await desk.page.route('**/auth/v1/admin/audit*', route =>
    answer(route, {
      records: payloads.map((text, n) => ({
        number: payloads.length - n,
        at: 1,
        actor: id(1),
        act: n % 2 ? text : 'rank',
        detail: text,
        hash: 'AA',
        subject: id(2),
        actorHandle: text,
        subjectHandle: text,
      })),
      head: payloads.length,
      key: 'AA',
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
    ['audit', payloads[2]!],
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
