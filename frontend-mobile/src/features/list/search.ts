import type { Contact, Conversation } from '../../client';

/** Whether a conversation's title or the other person's handle has all these words at the beginning of its own, accents and case aside. */
export function found(conversation: Conversation, sought: string): boolean {
  return begins(`${conversation.title} ${conversation.peer?.handle ?? ''}`, sought);
}

/** The same of a person. */
export function foundPerson(person: Contact, sought: string): boolean {
  return begins(`${person.name} ${person.handle}`, sought);
}

/** Of “@awa harbour”: whose messages are looked for, and for what. A handle that nobody known has is a word like any other. */
export function bySender(sought: string, people: readonly Contact[]): { readonly sender: Contact | null; readonly text: string } {
  const words = sought.trim().split(/\s+/);
  const at = words.findIndex(word => word.startsWith('@') && people.some(person => person.handle === word.slice(1).toLowerCase()));
  if (at < 0 || words.length === 1) return { sender: null, text: sought };
  const handle = words[at]!.slice(1).toLowerCase();
  return { sender: people.find(person => person.handle === handle)!, text: words.filter((_, n) => n !== at).join(' ') };
}

function begins(name: string, sought: string): boolean {
  const words = plain(sought).split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const own = plain(name).split(/[\s@._-]+/);
  return words.every(word => own.some(name => name.startsWith(word.replace(/^@/, ''))));
}

function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}
