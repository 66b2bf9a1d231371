import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { desktop, Person, phone } from '../story/person';

/**
 * Two people who begin on an instance that is there and has nobody yet: `scripts/first_run.sh` says where. KAVALEK_CHROMIUM_ARGS is for a machine
 * on which the instance's name or its authority is a test's.
 */
test('From the set-up link to an answer', async () => {
  const setup = process.env['KAVALEK_FIRST_RUN'];
  if (!setup) throw new Error('KAVALEK_FIRST_RUN is the set-up link: scripts/first_run.sh');
  const origin = new URL(setup).origin;
  const begin = performance.now();
  const browsers = await Promise.all(
    [1, 2].map(() =>
      chromium.launch({
        executablePath: process.env['KAVALEK_CHROMIUM'] || '/usr/bin/chromium',
        args: [
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--disable-background-networking',
          ...(process.env['KAVALEK_CHROMIUM_ARGS']?.split(' ') ?? []),
        ],
      }),
    ),
  );
  try {
    const marie = await Person.arrive(browsers[0]!, 'marie-first', { size: desktop });
    await marie.signUp(setup, 'marie', 'Marie');
    await marie.sees('No conversations yet');
    await marie.button('Settings').click();
    await marie.button('Make an invitation').click();
    const invitation = (await marie.page.getByText('#invite=').textContent())!.trim();
    expect(new URL(invitation).origin).toBe(origin);

    const jean = await Person.arrive(browsers[1]!, 'jean-first', { size: phone });
    await jean.signUp(invitation, 'jean', 'Jean');
    await jean.sees('No conversations yet');
    await jean.button('New conversation').click();
    await jean.page.locator('input[name=who]').fill('@marie');
    await jean.button('Find').click();
    await jean.page.locator('textarea').waitFor();
    await jean.send('Bonjour Marie');

    await marie.page.goto(`${origin}/#/`);
    await marie.page.locator('[data-row]').filter({ hasText: 'Jean' }).click();
    await marie.button('Accept').click();
    await marie.page.locator('textarea').waitFor();
    await marie.send('Bonjour Jean');
    await jean.sees('Bonjour Jean');
    console.log(`from the set-up link to an answer in another browser: ${((performance.now() - begin) / 1000).toFixed(0)} s`);
  } finally {
    await Promise.all(browsers.map(browser => browser.close()));
  }
});
