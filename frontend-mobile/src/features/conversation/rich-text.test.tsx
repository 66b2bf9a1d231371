import { expect, test } from 'vitest';
import { isEmojiOnly, partsOf } from './rich-text';

test('A link ends before the punctuation that ends its sentence', () => {
  expect(partsOf('See https://example.org/a(b). Or (https://example.org/c)!')).toEqual([
    { type: 'text', text: 'See ' },
    { type: 'link', text: 'https://example.org/a(b)', href: 'https://example.org/a(b)' },
    { type: 'text', text: '. Or (' },
    { type: 'link', text: 'https://example.org/c', href: 'https://example.org/c' },
    { type: 'text', text: ')!' },
  ]);
});

test('What is no web address stays text', () => {
  for (const text of [
    'javascript:alert(1)',
    'data:text/html,<b>',
    '<img src=x onerror=alert(1)>',
    'https://user:secret@example.org/',
    'http://',
    '[x](javascript:alert(1))',
  ]) {
    expect(partsOf(text)).toEqual([{ type: 'text', text }]);
  }
});

test('A host with letters that look like others is shown by its real name', () => {
  const [link] = partsOf('https://аpple.com/login');
  expect(link).toMatchObject({ type: 'link', text: 'https://xn--pple-43d.com/login', href: 'https://xn--pple-43d.com/login' });
});

test('What stands between three backticks is code, links in it are not', () => {
  expect(partsOf('Look:\n```sh\ncurl https://example.org\n```\nDone')).toEqual([
    { type: 'text', text: 'Look:\n' },
    { type: 'code', text: 'curl https://example.org' },
    { type: 'text', text: 'Done' },
  ]);
});

test('A few emoji alone are drawn large, digits and words are not', () => {
  expect(isEmojiOnly('👍🏽')).toBe(true);
  expect(isEmojiOnly('👨‍👩‍👧 🎉')).toBe(true);
  expect(isEmojiOnly('🎉🎉🎉🎉')).toBe(false);
  expect(isEmojiOnly('42')).toBe(false);
  expect(isEmojiOnly('ok 👍')).toBe(false);
});
