export { LanguageProvider, useTexts, useFormats, useLanguage, languages, type Language, type LanguageChoice } from './language';
export { type Texts } from './en';
export { type Formats } from './formats';
export { explain } from './explain';
export { systemLine, namesOf } from './system-line';
export { isolate } from './words';
