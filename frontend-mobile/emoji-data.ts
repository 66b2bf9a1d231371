import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

interface Entry {
  readonly unicode: string;
  readonly hexcode: string;
  readonly label: string;
  readonly tags?: readonly string[];
  readonly group?: number;
  readonly skins?: readonly Entry[];
}

/** The groups of the picker, as Unicode numbers them; the parts that others are made of (2) are left out. */
const groups = [0, 1, 3, 4, 5, 6, 7, 8, 9];
const tones = ['1F3FB', '1F3FC', '1F3FD', '1F3FE', '1F3FF'];

/**
 * `virtual:emoji/en` and `virtual:emoji/fr`: of the emoji of Unicode what the picker draws and searches by, and nothing more. A list for each group of
 * `[emoji, name, words, the same in five skin tones]`, the last left out where there is none.
 */
export function emojiData(): Plugin {
  const prefix = 'virtual:emoji/';
  const require = createRequire(import.meta.url);
  return {
    name: 'emoji-data',
    resolveId: id => (id.startsWith(prefix) ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(`\0${prefix}`)) return null;
      const entries = require(`emojibase-data/${id.slice(prefix.length + 1)}/compact.json`) as readonly Entry[];
      const data = groups.map(group => entries.filter(entry => entry.group === group).map(row));
      // As one string, which a browser reads far faster than a literal of so many parts.
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(data))});`;
    },
  };
}

/** As people type it: what is drawn in colour anyway needs no mark that says so. */
const shown = (entry: Entry): string => entry.unicode.replace(/^(\p{Emoji_Presentation})\uFE0F$/u, '$1');

function row(entry: Entry): readonly unknown[] {
  const words = (entry.tags ?? []).filter(tag => !entry.label.includes(tag)).join(' ');
  const skins = tones.map(
    tone => entry.skins?.find(skin => new Set(skin.hexcode.split('-').filter(part => tones.includes(part))).size === 1 && skin.hexcode.includes(tone))?.unicode,
  );
  return skins.every(Boolean) ? [shown(entry), entry.label, words, skins.join(' ')] : [shown(entry), entry.label, words];
}
