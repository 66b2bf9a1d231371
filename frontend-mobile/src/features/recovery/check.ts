/** Two different places of so many, in their order, at random. */
export function twoOf(count: number): readonly [number, number] {
  const random = crypto.getRandomValues(new Uint32Array(2));
  const first = random[0]! % count;
  const second = (first + 1 + (random[1]! % (count - 1))) % count;
  return first < second ? [first, second] : [second, first];
}

/** Whether this is the word, however it was typed: accents and case do not matter, and four letters are enough. */
export function matches(typed: string, word: string): boolean {
  const plain = (text: string) => text.trim().toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
  const given = plain(typed);
  const whole = plain(word);
  return given === whole || (given.length >= 4 && whole.startsWith(given));
}
