import { useLanguage } from '@app/i18n';
import { en, type Words } from './en';
import { fr } from './fr';

export type { Words } from './en';

const languages = { en, fr } as const satisfies Record<string, Words>;

/** The dashboard's texts, in the language of the app. What went wrong is the app's to say (`explain`). */
export function useWords(): Words {
  return languages[useLanguage().language];
}

/** The text for a word of the server's; the word itself where this release has none for it. */
export function said(texts: Readonly<Record<string, string>>, word: string): string {
  return Object.hasOwn(texts, word) ? texts[word]! : word;
}
