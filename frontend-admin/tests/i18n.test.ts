import { expect, test } from 'vitest';
import { en, type Words } from '../src/i18n/en';
import { fr } from '../src/i18n/fr';

test('French says nothing in English by mistake', () => {
  const same = strings(en).filter(([path, text]) => text.length > 13 && strings(fr).some(([other, translated]) => other === path && translated === text));
  expect(same).toEqual([]);
});

test('A handle cannot turn the sentence around it', () => {
  for (const words of [en, fr]) expect(words.people.suspendText('\u202eeiram')).toContain('\u2068\u202eeiram\u2069');
});

function strings(texts: Words | object, path = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[`${path}.${key}`, value]] : typeof value === 'object' && value !== null ? strings(value as object, `${path}.${key}`) : [],
  );
}
