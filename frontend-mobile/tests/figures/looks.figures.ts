import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { accept, writeTo } from '../story/meeting';
import { desktop, inEnglish, inFrench, password, phone, tablet, type Person } from '../story/person';
import { setStage } from '../story/stage';

const backups = mkdtempSync(join(tmpdir(), 'kavalek-backups-'));
writeFileSync(join(backups, 'key'), randomBytes(32).toString('base64'), { mode: 0o600 });
afterAll(() => rmSync(backups, { recursive: true, force: true }));
const stage = setStage('--rate-factor', '100', '--backup-to', join(backups, 'made'), '--backup-key-file', join(backups, 'key'));

const english = { password: 'Your password', open: 'Open' };
const french = { password: 'Votre mot de passe', open: 'Ouvrir' };

const problems: string[] = [];

/** Every look of what is on screen: three sizes, light and dark. What axe finds is gathered, so that one walk tells all of it. */
async function looks(person: Person, name: string): Promise<void> {
  for (const dark of [false, true]) {
    await person.page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
    for (const [size, of] of [
      [tablet, 'tablet'],
      [phone, 'phone'],
      [desktop, 'desktop'],
    ] as const) {
      await person.page.setViewportSize(size);
      await person.isAccessible(`${name}-${of}${dark ? '-dark' : ''}`).catch((error: unknown) => void problems.push(String(error)));
    }
  }
}

const go = (person: Person, screen: string) => person.page.evaluate(name => void (location.hash = `#/${name}`), screen);
const settled = (person: Person) => person.page.waitForLoadState('networkidle').catch(() => undefined);

test('every page of the dashboard at three sizes, in both languages, light and dark', { timeout: 1_200_000 }, async () => {
  const marie = await stage.arrive('en', { size: desktop });
  await marie.signUp(stage.server.setup, 'marie', 'Marie', { ...inEnglish, later: 'Set it up' });
  await marie.sees('Open the dashboard');
  await looks(marie, 'gate');
  const link = await open(marie, english);

  const [jean, tom, eve] = await Promise.all([
    stage.arrive('fr', { size: desktop, language: 'fr-FR' }),
    stage.arrive('tom', { size: phone }),
    stage.arrive('eve', { size: phone }),
  ]);
  await jean.signUp(link, 'jean', 'Jean', inFrench);
  await tom.signUp(link, 'tom_with_a_rather_long_handle', 'Tom');
  await eve.signUp(link, 'eve', 'Eve');
  await go(marie, 'people');
  await marie.page.getByRole('button', { name: '@jean' }).click();
  await marie.page.locator('dialog').getByLabel('Rank').selectOption({ label: 'Owner' });
  await marie.button('Give this rank').click();
  await marie.page.locator('dialog').getByRole('button', { name: 'Give this rank' }).click();
  await marie.page.locator('table').getByText('Owner').nth(1).waitFor();
  await jean.page.goto(`${stage.server.origin}/admin`);
  await jean.page.getByLabel(french.password).first().waitFor();
  await looks(jean, 'gate');
  await open(jean, french);

  // Something to look at: files, and a report to both
  await writeTo(tom, stage.server, 'eve', 'You will regret this, and everybody you know will hear about it before the week is over');
  await accept(eve, stage.server);
  await tom.page.locator('[data-file-picker]').setInputFiles([{ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.alloc(3_000_000, 'x') }]);
  await tom.sees('notes.txt');
  await tom.send('And this');
  await eve.sees('And this');
  await eve.page
    .locator('[role=log] li[data-message]')
    .first()
    .locator('[data-bubble]')
    .click({ button: 'right', position: { x: 14, y: 10 } });
  await eve.page.getByRole('menuitem', { name: 'Report…' }).click();
  await eve.sees(/owner since/);
  await eve.page.getByLabel('What you want to say about it').fill('He does this every day.');
  await eve.page.locator('dialog').getByRole('button', { name: 'Report', exact: true }).click();
  await eve.sees('Those who run the server will decide');

  for (const desk of [marie, jean]) await walk(desk);
  expect(problems).toEqual([]);
});

/** Opens the dashboard; the first who does so comes by the pages for setting up, which make an invitation. */
async function open(desk: Person, words: typeof english): Promise<string> {
  await desk.page.getByLabel(words.password).first().fill(password);
  await desk.button(words.open).click();
  await desk.page.locator('main ol button').nth(4).waitFor();
  for (const step of [0, 1, 2, 3]) {
    await desk.page.locator('main ol button').nth(step).click();
    await settled(desk);
    await looks(desk, `setup-${step + 1}`);
  }
  await go(desk, 'invites');
  const uses = desk.page.locator('main select').first();
  await uses.waitFor();
  await settled(desk);
  await looks(desk, 'invites-empty');
  await uses.selectOption('10');
  await desk.page.locator('main section').first().locator('button').last().click();
  const link = (await desk.page.getByText('#invite=').textContent())!.trim();
  await looks(desk, 'invites');
  return link;
}

async function walk(desk: Person): Promise<void> {
  for (const screen of ['overview', 'people', 'groups', 'policy', 'storage', 'reports', 'backups', 'audit', 'sees', 'settings']) {
    await desk.page.setViewportSize(desktop);
    await go(desk, screen);
    await settled(desk);
    await looks(desk, screen);
    const tell = async (name: string): Promise<void> => {
      await desk.page.locator('dialog[open]').waitFor();
      await settled(desk);
      await looks(desk, name);
      // A question goes back to what it came from.
      await expect
        .poll(async () => {
          if (await desk.page.locator('dialog[open]').count()) await desk.page.keyboard.press('Escape');
          return desk.page.locator('dialog[open]').count();
        })
        .toBe(0);
    };
    if (screen === 'people') {
      for (const act of [null, 0, 3]) {
        await desk.page.getByRole('button', { name: '@tom' }).click();
        if (act !== null) await desk.page.locator('dialog li button, dialog ul button, dialog section button').nth(act).click();
        await tell(act === null ? 'person' : `person-${act}`);
      }
    }
    if (screen === 'storage') {
      await desk.page.locator('table button').first().click();
      await tell('purge');
    }
    if (screen === 'reports') {
      await desk.page.locator('main a[href^="#/reports/"]').first().click();
      await desk.page.locator('#evidence').waitFor();
      await looks(desk, 'report');
      await desk.page.locator('main button').last().click();
      await tell('decide');
    }
    if (screen === 'overview') {
      await desk.page.setViewportSize(phone);
      await desk.page.locator('header button').first().click();
      await looks(desk, 'menu');
      await desk.page.keyboard.press('Escape');
    }
  }
}
