import type { MessageBody } from './protocol';

/** What a message says as plain words: everybody named in it as this account knows them, whatever its writer wrote there. Empty for what says nothing. */
export function named(body: MessageBody): string {
  if (body.type !== 'text') return '';
  let text = '';
  let at = 0;
  for (const { person, start, length } of body.mentions) {
    text += `${body.text.slice(at, start)}${mentioned(person.name)}`;
    at = start + length;
  }
  return text + body.text.slice(at);
}

/** The same in a line that stands for the message; of files without a text their names, and of a voice message what it is called here. */
export function summary(body: MessageBody, voice?: string): string {
  const text = named(body);
  return text === '' && body.type === 'text' ? (body.attachments ?? []).map(file => (file.levels !== null && voice) || file.name).join(', ') : text;
}

/** A name with one @ before it. */
export const mentioned = (name: string): string => (name.startsWith('@') ? name : `@${name}`);
