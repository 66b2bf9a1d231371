import { type CDPSession, type Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { phone, password, type Person } from '../story/person';
import { setStage } from '../story/stage';

const stage = setStage();
/** The profile that Chromium's own tools call slow 3G. */
const slow3G = { offline: false, latency: 2000, downloadThroughput: (500 * 1024 * 0.8) / 8, uploadThroughput: (500 * 1024 * 0.8) / 8 };
const say = (what: string, figure: string): void => console.log(`${what}: ${figure}`);

async function bytesOf(page: Page, act: () => Promise<unknown>): Promise<Map<string, number>> {
  const tools = await page.context().newCDPSession(page);
  const names = new Map<string, string>();
  const bytes = new Map<string, number>();
  tools.on('Network.requestWillBeSent', ({ requestId, request }) => names.set(requestId, new URL(request.url).pathname));
  tools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => bytes.set(names.get(requestId) ?? '?', encodedDataLength));
  await tools.send('Network.enable');
  await act();
  await tools.detach();
  return bytes;
}

/** How long a person takes to type a password, and by far not longer. */
const typing = 2_000;

// Noted in the page: whoever drives it looks again only every half second.
function noteWhenDrawn(): void {
  const drawn = new Map<string, number>();
  const note = (name: string, selector: string): void => {
    if (drawn.has(name) || !document.querySelector(selector)) return;
    drawn.set(name, NaN);
    requestAnimationFrame(() => requestAnimationFrame(() => drawn.set(name, performance.now())));
  };
  new MutationObserver(() => {
    note('form', 'input[name=password]');
    note('list', '[data-row]');
  }).observe(document, { subtree: true, childList: true });
  document.addEventListener('click', () => drawn.set('asked', performance.now()), { capture: true });
  Object.assign(window, { drawn });
}

async function open(person: Person, tools?: CDPSession): Promise<{ paint: number; form: number; list: number }> {
  await person.page.goto('about:blank');
  if (tools) await tools.send('Network.emulateNetworkConditions', slow3G);
  await person.page.goto(stage.server.origin, { waitUntil: 'commit' });
  await person.page.locator('input[name=password]').waitFor();
  const paint = await person.page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN);
  await person.page.locator('input[name=password]').fill(password);
  await person.page.waitForTimeout(typing);
  await person.button('Unlock').click();
  await person.page.waitForFunction(() => (window as unknown as { drawn: Map<string, number> }).drawn.get('list')! > 0);
  const drawn = await person.page.evaluate(() => Object.fromEntries((window as unknown as { drawn: Map<string, number> }).drawn));
  return { paint, form: drawn['form']!, list: drawn['list']! - drawn['asked']! };
}

test('bytes of a first load, and how soon the list is there', async () => {
  const visitor = await stage.arrive('visitor', { size: phone });
  const bytes = await bytesOf(visitor.page, () => visitor.page.goto(stage.server.origin, { waitUntil: 'networkidle' }));
  const sum = (of: (path: string) => boolean) => `${([...bytes].filter(([path]) => of(path)).reduce((all, [, size]) => all + size, 0) / 1000).toFixed(0)} kB`;
  say(
    'page and its scripts and styles',
    sum(path => path === '/' || path.startsWith('/assets/')),
  );
  await visitor.context.close();

  const marie = await stage.arrive('marie', { size: phone });
  await marie.page.addInitScript(noteWhenDrawn);
  await marie.signUp(stage.server.setup, 'marie', 'Marie');
  await marie.sees('No conversations yet');
  await marie.page.goto(`${stage.server.origin}/#/new/group`);
  await marie.page.getByLabel('Title').fill('Notes');
  await marie.button('Create group').click();
  await marie.page.locator('textarea').waitFor();
  await marie.send('Something to draw');
  await marie.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const figures = (one: { paint: number; form: number; list: number }) =>
    `first paint ${one.paint.toFixed(0)} ms, lock page ${one.form.toFixed(0)} ms, from the password to the list ${one.list.toFixed(0)} ms`;
  for (const round of [1, 2, 3]) say(`warm, ${round}`, figures(await open(marie)));
  const tools = await marie.context.newCDPSession(marie.page);
  await tools.send('Network.enable');
  say('slow 3G', figures(await open(marie, tools)));
  expect(bytes.size).toBeGreaterThan(0);
  await marie.context.close();
});
