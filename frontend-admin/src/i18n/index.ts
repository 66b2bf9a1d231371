import { useLanguage, type Language } from '@app/i18n';
import { en, type Words } from './en';
import { fr } from './fr';

export type { Words } from './en';

const languages = { en, fr } as const satisfies Partial<Record<Language, Words>>;

/** The languages the dashboard speaks: fewer than the app does. */
export const translated = Object.keys(languages) as (keyof typeof languages)[];

/** The dashboard's texts, in the language of the app. What went wrong is the app's to say (`explain`). */
export function useWords(): Words {
  const { language } = useLanguage();
  return language in languages ? languages[language as keyof typeof languages] : en;
}

/** The text for a word of the server's; the word itself where this release has none for it. */
export function said(texts: Readonly<Record<string, string>>, word: string): string {
  return Object.hasOwn(texts, word) ? texts[word]! : word;
}
