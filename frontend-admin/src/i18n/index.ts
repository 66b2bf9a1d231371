import { useLanguage } from '@app/i18n';
import { en, type Words } from './en';
import { fr } from './fr';

export type { Words } from './en';

const languages = { en, fr } as const satisfies Record<string, Words>;

/** The dashboard's texts, in the language of the app. What went wrong is the app's to say (`explain`). */
export function useWords(): Words {
  return languages[useLanguage().language];
}
