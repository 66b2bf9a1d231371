import { expect, test } from 'vitest';
import { emojiGroups, foundEmoji, inTone } from './emoji-set';

test('an emoji is found by the beginnings of its words in English and in French, without accents', async () => {
  const english = await emojiGroups('en');
  const french = await emojiGroups('fr');
  expect(english).toHaveLength(9);
  expect(french.flat()).toHaveLength(english.flat().length);
  expect(english.flat().length).toBeGreaterThan(1_800);
  for (const groups of [english, french]) {
    expect(foundEmoji(groups, 'coeur rouge').map(one => one.emoji)).toContain('❤️');
    expect(foundEmoji(groups, 'red hea').map(one => one.emoji)).toContain('❤️');
    expect(foundEmoji(groups, 'pouce').map(one => one.emoji)).toContain('👍');
    expect(foundEmoji(groups, 'zzzzqq')).toEqual([]);
    expect(foundEmoji(groups, ' ')).toEqual([]);
  }
});

test('a skin tone is given to what has them', async () => {
  const all = (await emojiGroups('en')).flat();
  const wave = all.find(one => one.emoji.startsWith('👋'))!;
  expect(inTone(wave, 4)).toBe('👋🏾');
  expect(inTone(wave, 0)).toBe(wave.emoji);
  const cat = all.find(one => one.emoji.startsWith('🐈'))!;
  expect(inTone(cat, 4)).toBe(cat.emoji);
});
