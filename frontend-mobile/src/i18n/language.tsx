import { createContext, useContext, useLayoutEffect, useMemo, useState, type ReactNode } from 'react';
import { en, type Texts } from './en';
import { fr } from './fr';
import { Formats } from './formats';

/** The languages there are, by their own names. A right-to-left one needs its texts and `direction: 'rtl'`, nothing else. */
export const languages = {
  en: { name: 'English', texts: en, direction: 'ltr' },
  fr: { name: 'Français', texts: fr, direction: 'ltr' },
} as const satisfies Record<string, { name: string; texts: Texts; direction: 'ltr' | 'rtl' }>;

export type Language = keyof typeof languages;
export type LanguageChoice = Language | 'system';

const storedAt = 'kavalek.language';

interface Current {
  readonly language: Language;
  readonly choice: LanguageChoice;
  readonly choose: (choice: LanguageChoice) => void;
  readonly texts: Texts;
  readonly formats: Formats;
}

const Context = createContext<Current | null>(null);

/** Speaks the language that was chosen here, or the first of the browser's that there is. */
export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [choice, setChoice] = useState<LanguageChoice>(stored);
  const language = choice === 'system' ? ofBrowser() : choice;
  const current = useMemo<Current>(
    () => ({
      language,
      choice,
      choose: next => {
        store(next);
        setChoice(next);
      },
      texts: languages[language].texts,
      formats: new Formats(languages[language].texts, locale(language)),
    }),
    [language, choice],
  );
  useLayoutEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dir = languages[language].direction;
  }, [language]);
  return <Context value={current}>{children}</Context>;
}

function useCurrent(): Current {
  const current = useContext(Context);
  if (!current) throw new Error('there is no LanguageProvider above');
  return current;
}

/** The texts of the language in use. */
export const useTexts = (): Texts => useCurrent().texts;

/** Times, durations and sizes in the language in use. */
export const useFormats = (): Formats => useCurrent().formats;

/** The language in use, and how to choose another. */
export const useLanguage = (): Pick<Current, 'language' | 'choice' | 'choose'> => useCurrent();

function ofBrowser(): Language {
  for (const wanted of navigator.languages) {
    const [primary] = wanted.split('-');
    if (primary && Object.hasOwn(languages, primary)) return primary as Language;
  }
  return 'en';
}

/** The browser's own variant of the language, which knows whether the day comes before the month. */
function locale(language: Language): string {
  return navigator.languages.find(wanted => wanted.split('-')[0] === language) ?? language;
}

function stored(): LanguageChoice {
  const value = localStorage.getItem(storedAt);
  return value !== null && Object.hasOwn(languages, value) ? (value as Language) : 'system';
}

function store(choice: LanguageChoice): void {
  if (choice === 'system') localStorage.removeItem(storedAt);
  else localStorage.setItem(storedAt, choice);
}
