import { createContext, useContext, useEffect, useLayoutEffect, useMemo, useState, type ReactNode } from 'react';
import { en, type Texts } from './en';
import { fr } from './fr';
import { Formats } from './formats';

/** The languages there are, by their own names. Whoever speaks one that is fetched waits for its texts once. */
export const languages = {
  en: { name: 'English', texts: en, direction: 'ltr' },
  fr: { name: 'Français', texts: fr, direction: 'ltr' },
  ar: { name: 'العربية', texts: async () => (await import('./ar')).ar, direction: 'rtl' },
} as const satisfies Record<string, { name: string; texts: Texts | (() => Promise<Texts>); direction: 'ltr' | 'rtl' }>;

export type Language = keyof typeof languages;
export type LanguageChoice = Language | 'system';

const storedAt = 'kavalek.language';

interface Spoken {
  readonly language: Language;
  readonly texts: Texts;
  readonly formats: Formats;
}

interface Current extends Spoken {
  readonly choice: LanguageChoice;
  readonly choose: (choice: LanguageChoice) => void;
}

const Context = createContext<Current | null>(null);

/** Speaks the language that was chosen here, or the first of the browser's that there is; `only` some of them, where not everything was translated. */
export function LanguageProvider({ only, children }: { readonly only?: readonly Language[]; readonly children: ReactNode }) {
  const [choice, setChoice] = useState<LanguageChoice>(stored);
  const wanted = choice === 'system' || (only && !only.includes(choice)) ? ofBrowser(only) : choice;
  const [spoken, setSpoken] = useState<Spoken | null>(null);
  const { texts } = languages[wanted];
  if (typeof texts !== 'function' && spoken?.language !== wanted) setSpoken(inWords(wanted, texts));

  useEffect(() => {
    if (typeof texts !== 'function') return;
    let stale = false;
    // Not even its texts are here: then in one that is.
    void texts().then(
      found => !stale && setSpoken(inWords(wanted, found)),
      () => !stale && setSpoken(current => current ?? inWords('en', en)),
    );
    return () => {
      stale = true;
    };
  }, [wanted, texts]);

  useLayoutEffect(() => {
    if (!spoken) return;
    document.documentElement.lang = spoken.language;
    document.documentElement.dir = languages[spoken.language].direction;
  }, [spoken]);

  const current = useMemo<Current | null>(
    () =>
      spoken && {
        ...spoken,
        choice,
        choose: next => {
          store(next);
          setChoice(next);
        },
      },
    [spoken, choice],
  );
  return current && <Context value={current}>{children}</Context>;
}

const inWords = (language: Language, texts: Texts): Spoken => ({ language, texts, formats: new Formats(texts, locale(language)) });

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

function ofBrowser(only?: readonly Language[]): Language {
  for (const wanted of navigator.languages) {
    const [primary] = wanted.split('-');
    if (primary && Object.hasOwn(languages, primary) && only?.includes(primary as Language) !== false) return primary as Language;
  }
  return 'en';
}

/**
 * The browser's own variant of the language, which knows whether the day comes before the month. Its digits are those of handles, codes and safety
 * numbers, so that one page has one kind.
 */
function locale(language: Language): string {
  const variant = navigator.languages.find(wanted => wanted.split('-')[0] === language) ?? language;
  return new Intl.Locale(variant, { numberingSystem: 'latn' }).toString();
}

function stored(): LanguageChoice {
  const value = localStorage.getItem(storedAt);
  return value !== null && Object.hasOwn(languages, value) ? (value as Language) : 'system';
}

function store(choice: LanguageChoice): void {
  if (choice === 'system') localStorage.removeItem(storedAt);
  else localStorage.setItem(storedAt, choice);
}
