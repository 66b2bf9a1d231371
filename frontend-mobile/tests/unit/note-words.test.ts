import { expect, test } from 'vitest';
import type { Conversation, Message } from '../../src/client';
import { noteWords } from '../../src/app/note-words';

const said = (endsAt: number | null) =>
  ({ sender: { name: 'Awa' }, body: { type: 'text', text: 'at the harbour', mentions: [], attachments: [] }, endsAt }) as unknown as Message;
const direct = { kind: 'direct', state: 'active', title: 'Awa' } as unknown as Conversation;

// K-75
test('What disappears is in no notification, whatever was chosen; what stays is in one if that was chosen', () => {
  expect(noteWords(said(null), direct, 'text', 'New message')).toEqual({ title: 'Awa', body: 'at the harbour' });
  for (const choice of ['none', 'plain', 'name', 'text'] as const)
    expect(Object.values(noteWords(said(1), direct, choice, 'New message'))).not.toContain('at the harbour');
  expect(noteWords(said(1), direct, 'text', 'New message')).toEqual({ title: 'Awa', body: 'New message' });
});
