import type { Conversation } from '../../client';

/** Whether a conversation's title or the other person's handle has all these words at the beginning of its own, accents and case aside. */
export function found(conversation: Conversation, sought: string): boolean {
  const words = plain(sought).split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const own = plain(`${conversation.title} ${conversation.peer?.handle ?? ''}`).split(/[\s@._-]+/);
  return words.every(word => own.some(name => name.startsWith(word.replace(/^@/, ''))));
}

function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}
