import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { accept, invitation, writeTo } from './meeting';
import { desktop, password, phone, type Person } from './person';
import { setStage } from './stage';

const stage = setStage('--rate-factor', '100');

const payloads = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  "'-alert(1)-'",
  '${alert(1)}{{7*7}}',
  '<a href="javascript:alert(1)">a</a>',
  '<iframe srcdoc="<script>parent.alert(1)</script>">',
  '\u202egnp.exe\u2066<b>\u2069',
];
/** A picture of one point. */
const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const links = [
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'https://good.example@evil.example/',
  'file:///etc/passwd',
  'blob:null/1',
];

/** From now on the page notes what its policy stops. */
const watchPolicy = (person: Person) =>
  person.page.evaluate(() => {
    const seen: string[] = ((globalThis as { stopped?: string[] }).stopped = []);
    document.addEventListener('securitypolicyviolation', event => seen.push(event.effectiveDirective));
  });
const stopped = (person: Person) => person.page.evaluate(() => (globalThis as { stopped?: string[] }).stopped ?? []);

/** Elements that mark-up of somebody else would have made. */
const made = (person: Person) =>
  person.page.evaluate(
    () =>
      document.querySelectorAll(
        'script:not([src^="/assets/"]), iframe, object, embed, base, img[src="x"], svg[onload], a[href^="javascript:"], a[href^="data:"], [onerror]',
      ).length,
  );

// K-58, K-60, K-43
test('Names, titles and messages of every kind are text, links are only links, and nobody but the server is talked to', async () => {
  const marie = await stage.arrive('marie-careful', { size: desktop });
  await marie.signUp(stage.server.setup, 'marie', 'Marie');
  await marie.sees('No conversations yet');
  const jean = await stage.arrive('jean-hostile', { size: phone });
  await jean.signUp(await invitation(marie, stage.server), 'jean', payloads[0]!.slice(0, 60));
  await jean.sees('No conversations yet');
  await watchPolicy(marie);
  // What an error repeats, and what a search finds, is text too
  await jean.page.goto(`${stage.server.origin}/#/new`);
  await jean.page.locator('input[name=who]').fill(`@${payloads[0]!}`);
  await jean.button('Find').click();
  await jean.page.getByRole('alert').filter({ hasText: /\S/ }).first().waitFor();
  await writeTo(jean, stage.server, 'marie', payloads[1]!);
  await accept(marie, stage.server);
  for (const text of [...payloads, ...links]) await jean.send(text);
  await jean.send('https://records.example.org/port and mailto:desk@example.org');
  await marie.sees('records.example.org');
  await marie.sees(payloads[0]!);
  for (const text of payloads.filter(one => !/[\u202a-\u2069]/.test(one))) await marie.page.locator('[data-bubble]', { hasText: text }).first().waitFor();
  // Of all that looks like a link, one is: with its real target, and without a way back to this page
  const anchors = await marie.page
    .locator('[role=log] a[href]')
    .evaluateAll(all => all.map(one => [one.getAttribute('href'), one.getAttribute('rel')?.split(' ').sort().join(' ')]));
  for (const [href, rel] of anchors) {
    expect(href).toMatch(/^(https:\/\/records\.example\.org\/|mailto:|#\/)/);
    if (href!.startsWith('https:')) expect(rel).toBe('noopener noreferrer');
  }
  expect(anchors.map(([href]) => href)).toContain('https://records.example.org/port');

  // Files are called what their sender says: for who chooses them, and for who gets them
  await jean.page
    .locator('[data-file-picker]')
    .setInputFiles(
      payloads.map((name, n) =>
        n % 2 === 0
          ? { name: `${name}.png`, mimeType: 'image/png', buffer: Buffer.from(dot, 'base64') }
          : { name: `${name}.txt`, mimeType: 'text/plain', buffer: Buffer.from('text') },
      ),
    );
  await jean
    .button(/^Leave out/)
    .nth(payloads.length - 1)
    .waitFor();
  await jean.sees(payloads[0]!);
  expect(await made(jean)).toBe(0);
  await jean.send('');
  await marie.page.locator('[role=log] figure img').nth(3).waitFor();
  await marie.sees(/img src=x onerror=alert\(1\)_\.png/);
  expect(await made(marie)).toBe(0);
  await marie.button(/^Show .*onerror/).click();
  await marie.page.locator('dialog img[alt*="onerror=alert(1)"]').waitFor();
  expect(await made(marie)).toBe(0);
  await marie.page.keyboard.press('Escape');
  const saved = marie.page.waitForEvent('download');
  await marie
    .button(/^Save.*script/)
    .first()
    .click();
  expect((await saved).suggestedFilename()).not.toMatch(/[<>"/\\|?*:]/);

  const search = marie.page.locator('input[type=search]').first();
  await search.fill('onerror');
  await marie.page.locator('[data-hit] mark', { hasText: 'onerror' }).first().waitFor();
  await search.fill('');

  // A group whose title is hostile, too
  await jean.page.goto(`${stage.server.origin}/#/new/group`);
  await jean.page.getByLabel('Title').fill(payloads[2]!);
  await jean.page.getByRole('checkbox', { name: /Marie/ }).check();
  await jean.button('Create group').click();
  await jean.page.locator('textarea').waitFor();
  await jean.send(payloads[4]!);
  await marie.page.goto(`${stage.server.origin}/#/`);
  await marie.page.locator('[data-row]').filter({ hasText: payloads[2]! }).click();
  await marie.sees(payloads[4]!);
  await marie.page.locator('a[href$="/info"]').first().click();
  await marie.sees(payloads[2]!);

  // On the screen, the same digits on both sides; "never verified" looks otherwise than "verified"
  await marie.page.goto(`${stage.server.origin}/#/`);
  await marie.page.locator('[data-row]').filter({ hasText: payloads[0]!, hasNotText: payloads[2]! }).click();
  await marie.sees('Encrypted, not yet verified');
  await marie.page.locator('a[href$="/info"]').first().click();
  await marie.page.locator('a[href*="/safety"]').click();
  await marie.page.locator('p[translate=no]').waitFor();
  await marie.button('They are the same').click();
  await marie.sees(/is verified/);

  // An address that a hostile link opens inside the app does nothing either
  for (const hash of ['#/c/<img src=x onerror=alert(1)>', '#/p/javascript:alert(1)/safety', '#contact="><script>alert(1)</script>', '#/unread/../../x']) {
    await marie.page.evaluate(next => void (location.hash = next), hash);
    await marie.page.locator('h1').first().waitFor();
  }
  for (const person of [marie, jean]) {
    expect(await made(person)).toBe(0);
    expect(await stopped(person)).toEqual([]);
  }
  await stage.leave([marie, jean], /favicon|status of 40[134]/);
});

// K-59
test('The headers stand on pages, files, calls and errors, and stop what somebody would put into the page', async () => {
  const marie = await stage.arrive('marie-headers', { size: desktop });
  await marie.page.goto(stage.server.origin);
  await marie.page.locator('h1').first().waitFor();
  const script = (await marie.page.locator('script[src]').getAttribute('src'))!;
  for (const path of [
    '/',
    '/index.html',
    '/anything',
    script,
    '/service-worker.js',
    '/kavalek.webmanifest',
    '/icon.svg',
    '/dotnet/dotnet.boot.json',
    '/nothing.here',
    '/api/v1/streams',
    '/api/nothing',
    '/auth/v1/instance',
  ]) {
    const answer = await fetch(new URL(path, stage.server.origin), { headers: { accept: 'text/html' } });
    const header = (name: string) => answer.headers.get(name) ?? '';
    const policy = header('content-security-policy');
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]) expect(policy, path).toContain(part);
    expect(policy, path).not.toMatch(/unsafe-inline|'unsafe-eval'|\*|https?:|data:/);
    expect(header('x-content-type-options'), path).toBe('nosniff');
    expect(header('referrer-policy'), path).toBe('no-referrer');
    expect(header('cross-origin-opener-policy'), path).toBe('same-origin');
    expect(header('cross-origin-embedder-policy'), path).toBe('require-corp');
    expect(header('cross-origin-resource-policy'), path).toBe('same-origin');
    expect(header('permissions-policy'), path).toContain('geolocation=()');
    expect(header('access-control-allow-origin'), path).toBe('');
    if (/^\/(api|auth)\//.test(path)) expect(header('cache-control'), path).toBe('no-store');
    if (path === '/' || path === '/service-worker.js')
      expect(policy).toContain("require-trusted-types-for 'script'; trusted-types kavalek-worker kavalek-service-worker");
  }

  await watchPolicy(marie);
  const tried = await marie.page.evaluate(async () => {
    // The tools that drive a page may evaluate, as long as their own call lasts.
    await new Promise(done => setTimeout(done));
    const outcomes: Record<string, string> = {};
    const attempt = (name: string, act: () => unknown) => {
      try {
        act();
        outcomes[name] = 'done';
      } catch (error) {
        outcomes[name] = (error as Error).name;
      }
    };
    const ran = globalThis as { ran?: boolean };
    attempt('eval', () => eval('globalThis.ran = true'));
    attempt('function', () => new Function('globalThis.ran = true')());
    attempt('timer', () => setTimeout('globalThis.ran = true'));
    attempt('mark-up', () => document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="globalThis.ran = true">'));
    attempt('script text', () => (document.body.appendChild(document.createElement('script')).textContent = 'globalThis.ran = true'));
    attempt('script address', () => (document.createElement('script').src = 'https://evil.example/a.js'));
    attempt('worker', () => new Worker('/service-worker.js'));
    attempt('policy', () =>
      (globalThis as unknown as { trustedTypes: { createPolicy(name: string, rules: object): void } }).trustedTypes.createPolicy('mine', {}),
    );
    attempt('policy again', () =>
      (globalThis as unknown as { trustedTypes: { createPolicy(name: string, rules: object): void } }).trustedTypes.createPolicy('kavalek-worker', {}),
    );
    attempt('base', () => (document.head.appendChild(document.createElement('base')).href = 'https://evil.example/'));
    attempt('beacon', () => (document.body.appendChild(new Image()).src = 'https://evil.example/a.png'));
    attempt('frame', () => (document.body.appendChild(document.createElement('iframe')).src = 'https://evil.example/'));
    attempt('style', () => (document.head.appendChild(document.createElement('style')).textContent = 'body { background: url(https://evil.example/) }'));
    attempt('form', () => {
      const form = document.body.appendChild(document.createElement('form'));
      form.action = 'https://evil.example/';
      form.submit();
    });
    outcomes['fetch'] = await fetch('https://evil.example/').then(
      () => 'done',
      error => (error as Error).name,
    );
    // What a timer was given comes before a timer that was set later.
    await new Promise(done => setTimeout(done));
    outcomes['ran'] = String(ran.ran ?? false);
    outcomes['base is'] = document.baseURI;
    return outcomes;
  });
  expect(tried).toMatchObject({
    eval: 'EvalError',
    function: 'EvalError',
    'mark-up': 'TypeError',
    'script text': 'TypeError',
    'script address': 'TypeError',
    worker: 'TypeError',
    policy: 'TypeError',
    'policy again': 'TypeError',
    fetch: 'TypeError',
    ran: 'false',
  });
  expect(new URL(tried['base is']!).origin).toBe(stage.server.origin);
  for (const directive of ['base-uri', 'img-src', 'frame-src', 'style-src-elem', 'form-action', 'connect-src', 'trusted-types', 'require-trusted-types-for'])
    await expect.poll(() => stopped(marie)).toContain(directive);
  // The policy stopped each of them before anything was sent.
  expect([...marie.hosts].filter(host => host !== new URL(stage.server.origin).host && host !== 'evil.example')).toEqual([]);
  await marie.context.close();

  // And no page may frame this one
  const evil = await foreignPage();
  const victim = await stage.arrive('victim', { size: desktop });
  await victim.page.goto(evil.origin);
  await victim.page.evaluate(origin => void (document.body.appendChild(document.createElement('iframe')).src = origin), stage.server.origin);
  await expect.poll(() => victim.complaints.join('\n')).toMatch(/frame-ancestors|refused to connect|X-Frame|ERR_BLOCKED/i);
  expect(await victim.page.evaluate(() => document.querySelector('iframe')!.contentDocument?.body.textContent ?? 'foreign')).not.toContain('Kavalek');
  await victim.context.close();
  await evil.close();
});

// K-12, K-16
test('A page of another origin changes nothing here and opens no socket, while the own one may', async () => {
  const marie = await stage.arrive('marie-visits', { size: desktop });
  await marie.page.goto(stage.server.origin);
  await marie.page.locator('h1').first().waitFor();
  const evil = await foreignPage();
  const page = await marie.context.newPage();
  const answers: (readonly [string, number, Readonly<Record<string, string>>])[] = [];
  page.on('response', response => {
    if (new URL(response.url()).origin === stage.server.origin)
      answers.push([`${response.request().method()} ${new URL(response.url()).pathname}`, response.status(), response.headers()]);
  });
  const calls = [
    ['/auth/v1/prelogin', { email: 'marie@example.org' }],
    ['/auth/v1/accounts', { invite: 'x', email: 'a@example.org', handle: 'mallory' }],
    ['/auth/v1/sessions', { email: 'marie@example.org', secret: password }],
    ['/auth/v1/sessions/refresh', { refreshToken: 'x' }],
    ['/api/v1/streams', {}],
    ['/api/v1/push/test', {}],
  ] as const;
  await page.goto(evil.origin);
  const outcomes = await page.evaluate(
    async ({ origin, calls }) => {
      const read: string[] = [];
      for (const [path, body] of calls) {
        for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded'])
          for (const mode of ['cors', 'no-cors'] as const)
            for (const credentials of ['include', 'omit'] as const)
              await fetch(origin + path, { method: 'POST', mode, credentials, headers: { 'content-type': type }, body: JSON.stringify(body) }).then(
                async answer => void (answer.type !== 'opaque' && read.push(`${path} ${answer.status} ${await answer.text()}`)),
                () => undefined,
              );
        for (const method of ['GET', 'PUT', 'DELETE'])
          await fetch(origin + path, { method, credentials: 'include' }).then(
            async answer => void read.push(`${method} ${path} ${answer.status} ${await answer.text()}`),
            () => undefined,
          );
      }
      const socket = await new Promise<string>(done => {
        const opened = new WebSocket(`${origin.replace('http', 'ws')}/socket`);
        opened.onopen = () => done('open');
        opened.onerror = () => done('refused');
      });
      return { read, socket };
    },
    { origin: stage.server.origin, calls },
  );
  expect(outcomes).toEqual({ read: [], socket: 'refused' });
  // A form goes where it wants, with the person's browser: it is answered, and does nothing
  for (const [path, body] of calls) {
    await page.goto(evil.origin);
    const answer = page.waitForResponse(response => response.request().method() === 'POST');
    await page.evaluate(
      ({ action, name }) => {
        const form = document.body.appendChild(document.createElement('form'));
        form.method = 'post';
        form.enctype = 'text/plain';
        form.action = action;
        form.appendChild(document.createElement('input')).name = name;
        setTimeout(() => form.submit());
      },
      { action: stage.server.origin + path, name: JSON.stringify(body) },
    );
    await page.waitForURL(url => url.origin === stage.server.origin, { waitUntil: 'commit' });
    expect((await answer).status(), path).toBeGreaterThanOrEqual(400);
  }
  expect(answers.filter(([call, status]) => call.startsWith('POST') && status < 400)).toEqual([]);
  for (const [, , headers] of answers) expect(headers['access-control-allow-origin']).toBeUndefined();
  expect(await marie.context.cookies()).toEqual([]);

  // The same from the own page
  const own = await marie.page.evaluate(async () => {
    const answer = await fetch('/auth/v1/prelogin', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'marie@example.org' }),
    });
    const socket = await new Promise<string>(done => {
      const opened = new WebSocket(`${location.origin.replace('http', 'ws')}/socket`);
      opened.onopen = () => done('open');
      opened.onerror = () => done('refused');
    });
    return [answer.status, socket];
  });
  expect(own).toEqual([200, 'open']);
  await marie.context.close();
  await evil.close();
});

/** A page of somebody else, on another origin of this machine. */
async function foreignPage(): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const http = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>elsewhere</title><body>'));
  await new Promise<void>(listening => http.listen(0, '127.0.0.1', listening));
  const address = http.address();
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    close: () => {
      http.closeAllConnections();
      return new Promise(closed => http.close(() => closed()));
    },
  };
}
