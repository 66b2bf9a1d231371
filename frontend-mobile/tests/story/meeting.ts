import type { Person } from './person';

interface Place {
  readonly origin: string;
}

/** The link by which somebody else may sign up. */
export async function invitation(owner: Person, { origin }: Place): Promise<string> {
  // From elsewhere, so that a link of before is not taken for this one.
  await owner.page.goto(`${origin}/#/`);
  await owner.page.goto(`${origin}/#/settings`);
  await owner.button('Make an invitation').click();
  return (await owner.page.getByText('#invite=').textContent())!.trim();
}

/** Finds somebody by their handle, and writes to them for the first time. */
export async function writeTo(person: Person, { origin }: Place, handle: string, text: string, find = 'Find'): Promise<void> {
  await person.page.goto(`${origin}/#/new`);
  await person.page.locator('input[name=who]').fill(`@${handle}`);
  await person.button(find).click();
  await person.page.locator('textarea').waitFor();
  await person.send(text);
}

/** Lets somebody who asked talk, and has the conversation open. */
export async function accept(person: Person, { origin }: Place, word = 'Accept'): Promise<void> {
  await person.page.goto(`${origin}/#/`);
  await person.page.locator('[data-row]').first().click();
  await person.button(word).click();
  await person.page.locator('textarea').waitFor();
}
