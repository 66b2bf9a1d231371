import { expect, test } from 'vitest';
import { emailIsWrong } from './rules';

test.each(['marie@example.org', 'a@b', 'first.last+list%x!y/z@sub.example.org', 'josé@exämple.org'])('%s can be an address', email => {
  expect(emailIsWrong(email)).toBe(false);
});

test.each([
  '',
  'marie',
  '@b',
  'a@',
  'a@b@c',
  'Marie <marie@example.org>',
  '<marie@example.org>',
  'a@b,c@d',
  'a@b;c',
  'a@b\u037ec',
  'a:b@c',
  '"a"@c',
  'a(b)@c',
  'a@[127.0.0.1]',
  'a\\@c',
  'a b@c',
  'a\u0085b@c',
  'a\u200bb@c',
  'a@.c',
  'a@b..c',
  'a@b.',
])('%j can be none', email => {
  expect(emailIsWrong(email)).toBe(true);
});
