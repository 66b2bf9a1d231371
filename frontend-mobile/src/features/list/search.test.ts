import { expect, test } from 'vitest';
import { Pretend } from '../../../tests/pretend';
import { found } from './search';

test('A conversation is found by the beginnings of words, whatever their accents and case', () => {
  const world = new Pretend(0);
  const ines = world.direct(1, world.person(2, 'ines.port', 'Inès du Port'));
  for (const text of ['ines', 'POR', 'port ines', '@ines', 'Inés', ' ']) expect(found(ines, text)).toBe(true);
  for (const text of ['nes', 'ines x']) expect(found(ines, text)).toBe(false);
});
