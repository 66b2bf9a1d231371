import { expect } from 'vitest';
import type { Person } from './person';

const row = (person: Person, text: string | RegExp) => person.page.locator('[role=log] li[data-message]', { hasText: text }).last();

async function menu(person: Person, text: string | RegExp): Promise<void> {
  await row(person, text)
    .locator('[data-bubble]')
    .click({ button: 'right', position: { x: 14, y: 10 } });
  await person.page.getByRole('menu').first().waitFor();
}

/** In a group that both have open, Marie in English at a desk and Jean in French on a phone: mentions, reactions, edits, deletions, forwarding. */
export async function whatIsDoneToMessages(marie: Person, jean: Person): Promise<void> {
  const box = marie.page.locator('textarea');

  // Somebody is named by the keyboard, and stands out for whom it is
  await box.pressSequentially('Ask @je');
  await marie.page.getByRole('option', { name: /Jean/ }).waitFor();
  await marie.isAccessible('member-list');
  await box.press('Enter');
  expect(await box.inputValue()).toBe('Ask @Jean ');
  await box.pressSequentially('for the kee');
  await box.press('Enter');
  await row(jean, 'for the kee').locator('bdi', { hasText: '@Jean' }).waitFor();
  await row(marie, 'for the kee').locator('bdi', { hasText: '@Jean' }).waitFor();

  // A reaction by the menu, a second one by a click on the first; both see who
  await menu(jean, 'for the kee');
  await jean.isAccessible('message-menu');
  await jean.page.getByRole('menuitemcheckbox', { name: 'Réagir avec 👍' }).click();
  const thumb = row(marie, 'for the kee').getByRole('button', { name: /^👍.* by/ });
  await thumb.waitFor();
  expect(await thumb.getAttribute('aria-pressed')).toBe('false');
  await thumb.click();
  await row(jean, 'for the kee')
    .getByRole('button', { name: /^👍 2 par .*Marie/ })
    .waitFor();
  await marie.isAccessible('reactions');
  await thumb.click();
  await expect.poll(() => thumb.getAttribute('aria-pressed')).toBe('false');

  // The last own message from an empty box; the other sees that it was edited, and what it said
  await box.press('ArrowUp');
  await expect.poll(() => box.inputValue()).toContain('for the kee');
  await marie.picture('editing');
  await box.press('Backspace');
  await box.pressSequentially('y');
  await box.press('Enter');
  await row(jean, 'for the key').getByRole('button', { name: 'modifié' }).click();
  await jean.page.getByText('Ce qu’il disait avant').waitFor();
  expect(await jean.page.locator('dialog[open]').innerText()).toContain('for the kee');
  await jean.isAccessible('versions');
  await jean.page.keyboard.press('Escape');

  // Escape gives back what was begun
  await box.fill('half a thought');
  await menu(marie, 'for the key');
  await marie.page.getByRole('menuitem', { name: 'Edit' }).click();
  await expect.poll(() => box.inputValue()).toContain('for the key');
  await box.press('Escape');
  await expect.poll(() => box.inputValue()).toBe('half a thought');
  await box.fill('');

  // An emoji by the keyboard alone, found by a French word in an English page
  await marie.button('Emoji').click();
  await marie.page.locator('button[data-emoji]').first().waitFor();
  await marie.page.keyboard.type('coeur vert');
  await marie.page.getByRole('button', { name: 'green heart' }).waitFor();
  await marie.isAccessible('emoji');
  await marie.page.keyboard.press('Enter');
  await expect.poll(() => box.inputValue()).toBe('💚');
  await box.press('Enter');
  await jean.sees('💚');

  // Taken back: a line in its place for both
  await marie.send('in the wrong place');
  await jean.sees('in the wrong place');
  await menu(marie, 'in the wrong place');
  await marie.page.getByRole('menuitem', { name: 'Delete…' }).click();
  await marie.isAccessible('delete');
  await marie.button('Delete for everybody').click();
  await jean.sees('Marie⁩ a supprimé ce message');
  await marie.sees('You deleted this message');
  expect(await jean.page.locator('[role=log]').innerText()).not.toContain('in the wrong place');
  await jean.isAccessible('deleted');

  // Several at once, on to somebody else; by the keyboard
  await row(marie, 'for the key').focus();
  await marie.page.keyboard.press('Shift+F10');
  await marie.page.getByRole('menuitem', { name: 'Select' }).click();
  await row(marie, '💚').click();
  await marie.sees('2 messages selected');
  await marie.isAccessible('selection');
  await marie.page.getByRole('toolbar').getByRole('button', { name: 'Forward…' }).click();
  await marie.page.getByRole('dialog').getByRole('checkbox', { name: 'Jean' }).check();
  await marie.isAccessible('forward');
  await marie.page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
  await marie.sees('2 messages forwarded');
  await marie.page.locator('[data-row]').filter({ hasText: 'Jean' }).getByText('💚').waitFor();

  // A report says whom it would go to before anything is sent: here nobody has opened the dashboard yet
  await menu(jean, 'for the key');
  await jean.page.getByRole('menuitem', { name: 'Signaler…' }).click();
  await jean.sees('Il n’y a personne à qui l’adresser');
  await jean.isAccessible('report');
  expect(await jean.button('Signaler').isDisabled()).toBe(true);
  await jean.page.keyboard.press('Escape');
  await menu(marie, 'Présent');
  await marie.page.getByRole('menuitem', { name: 'Report…' }).click();
  await marie.sees('There is nobody it could go to');
  await marie.isAccessible('report');
  await marie.page.keyboard.press('Escape');

  // Only for me: the other keeps it
  await menu(marie, 'Présent');
  await marie.page.getByRole('menuitem', { name: 'Delete…' }).click();
  await marie.button('Delete for me').click();
  await expect.poll(() => row(marie, 'Présent').count()).toBe(0);
  await jean.sees('Présent 👍');
}
