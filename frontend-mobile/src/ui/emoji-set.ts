/** One emoji of the picker. */
export interface PickedEmoji {
  readonly emoji: string;
  readonly name: string;
  /** The same in five skin tones, light to dark; empty where there are none. */
  readonly skins: readonly string[];
  /** What it is found by, in both languages, without accents. */
  readonly words: readonly string[];
}

/** The languages in which emoji have names here. */
export type EmojiLanguage = 'en' | 'fr';

export type SkinTone = 0 | 1 | 2 | 3 | 4 | 5;

const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/œ/g, 'oe').replace(/æ/g, 'ae');

let loaded: Promise<Readonly<Record<EmojiLanguage, readonly (readonly PickedEmoji[])[]>>> | null = null;

/** The groups of emoji, named in a language and found in English and French; loaded when somebody first asks. */
export async function emojiGroups(language: EmojiLanguage): Promise<readonly (readonly PickedEmoji[])[]> {
  loaded ??= load().catch((error: unknown) => {
    loaded = null;
    throw error;
  });
  return (await loaded)[language];
}

async function load() {
  const [en, fr] = await Promise.all([import('virtual:emoji/en'), import('virtual:emoji/fr')]);
  const words = new Map<string, string>();
  for (const { default: groups } of [en, fr]) {
    for (const [emoji, name, more] of groups.flat()) words.set(emoji, `${words.get(emoji) ?? ''} ${folded(`${name} ${more}`)}`);
  }
  const read = (groups: typeof en.default) =>
    groups.map(group =>
      group.map(([emoji, name, , skins]) => ({
        emoji,
        name,
        skins: skins?.split(' ') ?? [],
        words: [...new Set(words.get(emoji)!.split(/[^\p{L}\p{N}]+/u))].filter(Boolean),
      })),
    );
  return { en: read(en.default), fr: read(fr.default) };
}

/** Those that have, for every word of the query, a word that begins so; whose name begins so come first. */
export function foundEmoji(groups: readonly (readonly PickedEmoji[])[], query: string): readonly PickedEmoji[] {
  const wanted = folded(query)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
  if (wanted.length === 0) return [];
  const found = groups.flat().filter(one => wanted.every(word => one.words.some(known => known.startsWith(word))));
  const first = folded(query.trim());
  return [...found.filter(one => folded(one.name).startsWith(first)), ...found.filter(one => !folded(one.name).startsWith(first))];
}

/** An emoji in a skin tone, where it has them; 0 is without. */
export const inTone = (one: PickedEmoji, tone: SkinTone): string => (tone > 0 ? (one.skins[tone - 1] ?? one.emoji) : one.emoji);
