import { expect, test } from 'vitest';
import { accept, invitation, writeTo } from './meeting';
import { desktop, inArabic, phone, type Person } from './person';
import { setStage } from './stage';

const stage = setStage();
const row = (person: Person, text: string) => person.page.locator('[role=log] li[data-message]', { hasText: text }).last();
const long = 'وصلت الصور كلها هذا الصباح، وسأرسل الترجمة قبل الظهر مع ملاحظات المحررة عن الصفحة الأخيرة (PDF, 12)';

/** Where the first letter of a text stands, and the place that is drawn of it. */
const firstLetter = (person: Person, selector: string) =>
  person.page
    .locator(selector)
    .first()
    .evaluate(element => {
      const range = document.createRange();
      range.setStart(element.firstChild!, 0);
      range.setEnd(element.firstChild!, 1);
      const [letter, drawn] = [range.getBoundingClientRect(), element.getBoundingClientRect()];
      return letter.left >= drawn.left - 1 && letter.right <= drawn.right + 1;
    });

test('In Arabic everything is mirrored, on a phone and at a desk, and what is written in any direction reads well on both sides', async () => {
  const jean = await stage.arrive('jean-mirrored', { size: desktop });
  await jean.signUp(stage.server.setup, 'jean', 'Jean');
  await jean.sees('No conversations yet');
  const layla = await stage.arrive('layla', { size: phone, language: 'ar-EG', dark: true });
  await layla.signUp(await invitation(jean, stage.server), 'layla', 'ليلى', inArabic);
  await layla.sees('لا محادثات بعد');
  expect(await layla.page.evaluate(() => [document.documentElement.lang, document.dir])).toEqual(['ar', 'rtl']);
  await layla.isAccessible('empty-list');
  await writeTo(layla, stage.server, 'jean', long, 'بحث');
  await accept(jean, stage.server);

  // Of a text that runs from right to left the beginning is seen in the list, of one from left to right as well
  await jean.page.locator('[data-row]').filter({ hasText: 'وصلت' }).waitFor();
  expect(await firstLetter(jean, '[data-row] [class*=words]')).toBe(true);
  await jean.send('I read all of it this morning, and the last page twice: the dates on it are not those of the annex we had before');
  await layla.sees('the last page twice');
  await layla.page.locator('a[aria-label="رجوع"]').click();
  await layla.page.locator('[data-row]').filter({ hasText: 'I read all of it' }).waitFor();
  expect(await firstLetter(layla, '[data-row] [class*=words]')).toBe(true);
  await layla.isAccessible('list');
  await layla.page.locator('[data-row]').click();

  // Own messages stand at the end of the line, which is the left; a swipe goes the same way
  await row(layla, 'وصلت').waitFor();
  const bubble = (await row(layla, 'وصلت').locator('[data-bubble]').boundingBox())!;
  expect(bubble.x).toBeLessThan(phone.width - bubble.x - bubble.width);
  const touch = await layla.context.newCDPSession(layla.page);
  const there = (await row(layla, 'the last page twice').locator('[data-bubble]').boundingBox())!;
  const y = there.y + 20;
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: 250, y }] });
  for (const x of [230, 200, 170, 150]) await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [{ x, y }] });
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await touch.detach();
  await layla.sees('رد على');
  await layla.send('הנה גם המספרים: 14:00, 12 (page) — مرحبا');
  await jean.sees('הנה גם המספרים');
  await layla.isAccessible('conversation');
  await jean.isAccessible('conversation');

  // The menu opens beside what it is of, by the keyboard too
  const theirs = layla.page.locator('[role=log] li[data-message]', { hasText: 'the last page twice' }).first();
  await theirs.focus();
  await layla.page.keyboard.press('Shift+F10');
  const menu = (await layla.page.getByRole('menu').boundingBox())!;
  const of = (await theirs.locator('[data-bubble]').boundingBox())!;
  expect(menu.x + menu.width).toBeGreaterThan(of.x + of.width / 2);
  expect(menu.x + menu.width).toBeLessThanOrEqual(of.x + of.width);
  await layla.isAccessible('message-menu');
  await layla.page.keyboard.press('Escape');

  // Every page
  for (const person of [layla, jean]) {
    if (person === jean) {
      await jean.page.goto(`${stage.server.origin}/#/settings`);
      await jean.page.locator('select:has(option[value=ar])').selectOption('ar');
      await expect.poll(() => jean.page.evaluate(() => document.dir)).toBe('rtl');
    }
    await person.page.goto(`${stage.server.origin}/#/`);
    await person.page.locator('[data-row]').first().click();
    await person.page.locator('textarea').waitFor();
    await person.isAccessible('mirrored-conversation');
    await person.page.locator('a[href$="/info"]').first().click();
    await person.page.locator('a[href*="/safety"]').waitFor();
    await person.isAccessible('mirrored-info');
    await person.page.locator('a[href*="/safety"]').click();
    await person.page.locator('p[translate=no]').waitFor();
    await person.isAccessible('mirrored-safety');
    for (const page of ['new', 'new/group', 'settings', 'settings/devices', 'settings/recovery', 'settings/server']) {
      await person.page.evaluate(hash => void (location.hash = hash), `#/${page}`);
      await person.page.locator('[role=main] h1').waitFor();
      await person.isAccessible(`mirrored-${page.replace('/', '-')}`);
      if (page !== 'new/group') continue;
      // A name and the handle below it begin on the same side, whatever their own direction is
      const [name, handle] = await person.page.locator('label:has([type=checkbox]) :is(bdi, span[dir=ltr])').evaluateAll(lines =>
        lines.slice(0, 2).map(line => {
          const range = document.createRange();
          range.selectNodeContents(line);
          return range.getBoundingClientRect().right;
        }),
      );
      expect(Math.abs(name! - handle!)).toBeLessThan(2);
    }
  }
  await stage.leave([layla, jean], /favicon|status of 40[134]/);
});
