import { summary, type Conversation, type Message } from '../client';
import type { NoteChoice } from '../page/notifications';

/** What a notification says, by what was chosen. Nothing that disappears is in one: the system shows and keeps them, also while nobody is there to take them away in time. */
export function noteWords(message: Message, conversation: Conversation | undefined, notes: NoteChoice, plain: string): { title: string; body: string } {
  if (notes === 'plain' || !conversation || conversation.state === 'request') return { title: plain, body: '' };
  const title = conversation.kind === 'group' ? `${message.sender.name} · ${conversation.title}` : message.sender.name;
  return { title, body: notes === 'text' && message.body.type === 'text' && message.endsAt === null ? summary(message.body).slice(0, 200) : plain };
}
