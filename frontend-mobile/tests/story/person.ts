import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { expect, onTestFailed } from 'vitest';

export const password = 'correct horse battery staple';
/** What is waited for comes sooner or later, how soon is no question here: milliseconds after which it does not come any more. */
export const patience = 90_000;
export const phone = { width: 390, height: 844 };
export const tablet = { width: 820, height: 1180 };
export const desktop = { width: 1440, height: 900 };

const pictures = process.env['KAVALEK_PICTURES'];

const program = {
  executablePath: process.env['KAVALEK_CHROMIUM'] || '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

/** The Chromium of this computer. */
export function launch(...also: readonly string[]): Promise<Browser> {
  return chromium.launch({ ...program, args: [...program.args, ...also] });
}

/** The same with a profile in a folder that outlives it. */
export function launchProfile(folder: string, size: Setting['size']): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, { ...program, viewport: size, locale: 'en-GB', timezoneId: 'Europe/Paris', hasTouch: true, isMobile: true });
}

export interface Setting {
  readonly size: { readonly width: number; readonly height: number };
  readonly language?: 'en-GB' | 'fr-FR' | 'ar-EG';
  readonly dark?: boolean;
}

/** What the buttons on the way to an account say. */
export interface SignUpWords {
  readonly submit: string;
  readonly make: string;
  readonly written: string;
  readonly confirm: string;
  /** Of whoever is the first: the way on, after the recovery key. */
  readonly later?: string;
}

export const inEnglish: SignUpWords = { submit: 'Create account', make: 'Make a recovery key', written: 'I have written them down', confirm: 'Confirm' };
export const inFrench: SignUpWords = { submit: 'Créer le compte', make: 'Créer une clé de secours', written: 'Je les ai notés', confirm: 'Confirmer' };
export const inArabic: SignUpWords = { submit: 'إنشاء الحساب', make: 'إنشاء مفتاح استرداد', written: 'دوّنتها', confirm: 'تأكيد', later: 'لاحقًا' };

/** Somebody at a browser of their own. Whatever the page says to the console, and whoever it talks to, is kept. */
export class Person {
  private constructor(
    readonly name: string,
    readonly context: BrowserContext,
    readonly page: Page,
    readonly complaints: string[] = [],
    readonly hosts = new Set<string>(),
  ) {}

  static async arrive(browser: Browser, name: string, { size, language = 'en-GB', dark = false }: Setting): Promise<Person> {
    const touch = size.width < 500;
    const context = await browser.newContext({
      viewport: size,
      locale: language,
      colorScheme: dark ? 'dark' : 'light',
      hasTouch: touch,
      isMobile: touch,
      timezoneId: 'Europe/Paris',
    });
    return Person.in(context, name);
  }

  /** The same in a context that is there. */
  static async in(context: BrowserContext, name: string): Promise<Person> {
    await context.grantPermissions(['clipboard-read', 'clipboard-write', 'notifications']);
    const page = await context.newPage();
    const person = new Person(name, context, page);
    person.hear(page);
    context.on('request', request => {
      const { protocol, host } = new URL(request.url());
      if (/^(http|ws)/.test(protocol)) person.hosts.add(host);
    });
    return person;
  }

  /** Another tab of the same person. */
  async tab(): Promise<Person> {
    const page = await this.context.newPage();
    const person = new Person(this.name, this.context, page, this.complaints, this.hosts);
    person.hear(page);
    return person;
  }

  private hear(page: Page): void {
    page.setDefaultTimeout(patience);
    page.on('console', message => message.type() === 'error' && this.complaints.push(message.text()));
    page.on('pageerror', error => this.complaints.push(error.message));
    page.on('dialog', dialog => {
      this.complaints.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    onTestFailed(async () => {
      if (page.isClosed()) return;
      const shown = await page.innerText('body', { timeout: 5_000 }).catch((error: unknown) => String(error));
      console.log(`What ${this.name} saw at ${page.url()}:\n${shown.slice(0, 1500)}\n${this.complaints.join('\n')}`);
      await this.picture('failed').catch(() => undefined);
    });
  }

  /** Whether nothing complained but what is fine, and nobody was talked to but the server. */
  isContent(server: { readonly origin: string }, alsoFine: RegExp): void {
    expect(
      this.complaints.filter(text => !alsoFine.test(text)),
      this.name,
    ).toEqual([]);
    expect([...this.hosts], this.name).toEqual([new URL(server.origin).host]);
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }

  /** Sees this text, sooner or later. */
  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).locator('visible=true').first().waitFor();
  }

  async unlock(words = 'Unlock'): Promise<void> {
    await this.page.locator('input[name=password]').fill(password);
    await this.button(words).click();
  }

  async signUp(link: string, handle: string, displayName: string, words: SignUpWords = inEnglish): Promise<readonly string[]> {
    await this.page.goto(link);
    await this.page.locator('input[name=handle]').fill(handle);
    await this.page.locator('input[name=name]').fill(displayName);
    await this.page.locator('input[name=email]').fill(`${handle}@example.org`);
    await this.page.locator('input[name=password]').fill(password);
    await this.picture('sign-up');
    await this.button(words.submit).click();
    await this.button(words.make).click();
    await this.page.locator('ol[translate=no] li').first().waitFor();
    const shown = await this.page.locator('ol[translate=no] li').evaluateAll(rows => rows.map(row => row.lastChild?.textContent ?? ''));
    expect(shown).toHaveLength(12);
    await this.picture('recovery-words');
    await this.button(words.written).click();
    for (const field of await this.page.locator('input[name^=word]').all()) {
      await field.fill(shown[Number((await field.getAttribute('name'))!.slice(4))]!);
    }
    await this.button(words.confirm).click();
    // Whoever is the first may set the server up: most stories begin on one that is.
    if (link.includes('#setup=')) await this.button(words.later ?? 'Later').click();
    return shown;
  }

  async send(text: string): Promise<void> {
    await this.page.locator('textarea').fill(text);
    await this.page.locator('textarea ~ button').click();
  }

  /** Whether the page is free of what axe finds, in the state it is in. */
  async isAccessible(where: string): Promise<void> {
    // What is on its way in is paler than it will be.
    await this.page.evaluate(async () => {
      const ending = document.getAnimations().filter(one => one.effect?.getComputedTiming().endTime !== Infinity);
      await Promise.allSettled(ending.map(one => one.finished));
    });
    await this.picture(where);
    // Not a script element, which the page's own policy would refuse, as it should.
    await this.page.evaluate(axe.source);
    const found = await this.page.evaluate(async () => {
      const result = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      });
      return result.violations.map(violation => `${violation.id}: ${violation.nodes.map(node => node.target.join(' ')).join(', ')}`);
    });
    expect(found, `${this.name}, ${where}`).toEqual([]);
    // Not innerWidth: a phone's browser widens that for a page that is too wide.
    const { width } = this.page.viewportSize()!;
    expect(await this.page.evaluate(() => document.documentElement.scrollWidth), `${where} is wider than the screen`).toBeLessThanOrEqual(width);
  }

  async picture(name: string): Promise<void> {
    if (!pictures) return;
    mkdirSync(pictures, { recursive: true });
    await this.page.screenshot({ path: join(pictures, `${this.name}-${name}.png`) });
  }
}
