import { expect, test } from 'vitest';
import { matches, twoOf } from './check';

test('Two different words are asked for, in their order', () => {
  const seen = new Set<number>();
  for (let round = 0; round < 500; round++) {
    const [first, second] = twoOf(12);
    expect(first).toBeLessThan(second);
    expect(second).toBeLessThan(12);
    seen.add(first).add(second);
  }
  expect(seen.size).toBe(12);
});

test('A word is right without its accents, in any case, and by its first four letters', () => {
  for (const typed of ['église', 'EGLISE', ' eglise ', 'egli']) expect(matches(typed, 'église')).toBe(true);
  for (const typed of ['egl', 'eglisse', '', 'église église']) expect(matches(typed, 'église')).toBe(false);
  expect(matches('cle', 'clé')).toBe(true);
});
