import { expect, test } from 'vitest';
import { accept, invitation } from './meeting';
import { desktop, phone } from './person';
import { setStage } from './stage';

const stage = setStage();

test('Without a connection one reads and writes on, what was written goes out once and in order, and scanning a picture verifies', async () => {
  const marie = await stage.arrive('marie-away', { size: phone });
  await marie.signUp(stage.server.setup, 'marie', 'Marie');
  await marie.sees('No conversations yet');
  const invited = await invitation(marie, stage.server);
  const link = await (async () => {
    await marie.page.goto(`${stage.server.origin}/#/new`);
    return (await marie.page.getByText('#contact=').textContent())!.trim();
  })();

  // A contact link that is opened verifies, and leads to the conversation
  const jean = await stage.arrive('jean-away', { size: desktop });
  await jean.signUp(invited, 'jean', 'Jean');
  await jean.sees('No conversations yet');
  await jean.page.goto(link);
  await jean.page.locator('textarea').waitFor();
  await jean.sees('Encrypted and verified');
  expect(jean.page.url()).not.toContain('contact=');
  await jean.send('One');
  await accept(marie, stage.server);

  // Away
  await marie.context.setOffline(true);
  await marie.send('Two');
  await marie.send('Three');
  await marie.page.locator('[role=log] [title="Waiting to be sent"]').nth(1).waitFor();
  // What waits is edited, answered and taken back like anything else
  const menuOf = async (text: string, choice: string) => {
    await marie.page
      .locator('[role=log] li', { hasText: text })
      .locator('[data-bubble]')
      .click({ button: 'right', position: { x: 12, y: 8 } });
    await marie.page.getByRole('menuitem', { name: choice }).click();
  };
  await menuOf('Two', 'Edit');
  await marie.send('Two, put right');
  await marie.sees('Two, put right');
  await menuOf('Three', 'Reply');
  await marie.send('Five, about it');
  await marie.send('Six, a slip');
  await menuOf('Six', 'Delete…');
  await marie.button('Delete for everybody').click();
  await expect.poll(() => marie.page.locator('[role=log] li', { hasText: 'Six' }).count()).toBe(0);
  await marie.page.locator('a[aria-label="Back"]').click();
  await marie.sees(/^No connection/);
  await marie.isAccessible('offline');
  await jean.send('Four');
  await marie.page.locator('[data-row]').click();
  await marie.context.setOffline(false);
  await marie.sees('Four');
  await jean.sees('Five, about it');
  await jean.sees('Two, put right');
  for (const person of [marie, jean]) {
    const texts = await person.page.locator('[data-bubble]').allTextContents();
    for (const word of ['One', 'Two', 'Four', 'Five'])
      expect(
        texts.filter(text => text.includes(word)),
        `${word} for ${person.name}`,
      ).toHaveLength(1);
    const places = ['Two, put right', 'Three', 'Five, about it'].map(word => texts.findLastIndex(text => text.includes(word)));
    expect(places, person.name).toEqual(places.toSorted((a, b) => a - b));
    expect(texts.join(), person.name).not.toContain('Six');
  }

  // A picture of Jean's code verifies him here, too
  await jean.page.locator('a[href$="/info"]').first().click();
  await jean.page.locator('a[href*="/safety"]').click();
  const code = await jean.page.getByRole('img', { name: 'QR code of the safety number' }).screenshot({ scale: 'device' });
  await marie.page.locator('a[href$="/info"]').first().click();
  await marie.page.locator('a[href*="/safety"]').click();
  await marie.button('Scan their code').click();
  await marie.page.locator('input[type=file]').setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: code });
  await marie.sees(/is verified/);

  // A second tab is the same client, and a lock is one for both
  const tab = await marie.context.newPage();
  await tab.goto(`${stage.server.origin}/#/`);
  await tab.locator('[data-row]').waitFor();
  await tab.getByRole('button', { name: 'Lock', exact: true }).click();
  await marie.unlock();
  await tab.locator('[data-row]').waitFor();

  await stage.leave([marie, jean], /favicon|ERR_INTERNET_DISCONNECTED|WebSocket|status of 40[134]/);
});
