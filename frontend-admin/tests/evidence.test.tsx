import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { beforeEach, expect, test } from 'vitest';
import type { ReportedMessage } from '@app/client';
import { LanguageProvider } from '@app/i18n';
import { Evidence } from '../src/screens/evidence';

const proven: ReportedMessage = {
  verdict: 'proven',
  writer: 'ab'.repeat(16),
  handle: 'eve',
  trust: 'unverified',
  kind: 'group',
  title: 'Bureau',
  sentAt: Date.UTC(2026, 10, 22, 12),
  text: '<img src=x onerror=alert(1)>',
  files: ['notes.txt'],
  edit: false,
};

beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  localStorage.clear();
});

function drawn(message: ReportedMessage): HTMLElement {
  const element = document.createElement('ol');
  act(() =>
    createRoot(element).render(
      <LanguageProvider>
        <Evidence message={message} />
      </LanguageProvider>,
    ),
  );
  return element;
}

const plain = (element: HTMLElement) => element.textContent!.replace(/[\u2066-\u2069]/g, '');

test('What is shown to be somebody’s says so with what it rests on, and is text', () => {
  const element = drawn(proven);
  expect(plain(element)).toContain('Written by @eve: signed by a device of that account. You have not compared numbers with them.');
  expect(plain(element)).toContain('In the group Bureau');
  expect(plain(element)).toContain('notes.txt');
  expect(element.querySelector('blockquote')!.textContent).toBe(proven.text);
  expect(element.querySelector('img')).toBeNull();
  expect(plain(drawn({ ...proven, trust: 'verified' }))).toContain('whose number you have compared');
  expect(plain(drawn({ ...proven, handle: null }))).toContain('Written by a deleted account');
});

test('What is signed under another key is not said to be theirs, and of what is forged nothing is shown', () => {
  const other = drawn({ ...proven, verdict: 'other_key' });
  expect(plain(other)).toContain('Not shown to be @eve’s');
  expect(plain(other)).not.toContain('Written by');
  const forged = drawn({ ...proven, verdict: 'forged', writer: null, handle: null });
  expect(plain(forged)).toBe('This does not verify: it was made up or changed, and says nothing about anybody.');
});
