/** Keeps a name from turning the text around it: what is right-to-left in it stays within it. */
export function isolate(name: string): string {
  return `\u2068${name}\u2069`;
}

/** A count in words: `oneOrMore('en')('day', 'days')(2)` is “2 days”, by the plural rules of the language. */
export function oneOrMore(language: string): (one: string, more: string) => (n: number) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (one, more) => n => `${numbers.format(n)} ${rules.select(n) === 'one' ? one : more}`;
}

/** The same in a language that counts in five forms: those of one and two say the number themselves. */
export function counted(language: string): (one: string, two: string, few: string, many: string, other: string) => (n: number) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (one, two, few, many, other) => n => {
    const form = rules.select(n);
    if (form === 'one' || form === 'two') return form === 'one' ? one : two;
    return `${numbers.format(n)} ${form === 'zero' || form === 'few' ? few : form === 'many' ? many : other}`;
  };
}

/** Who did something and whom it concerns, in words, and whether either is the reader: languages bend their verbs by it. */
export interface Said {
  readonly by: string;
  readonly whom: string;
  readonly byMe: boolean;
  /** Whether it concerns the reader alone. */
  readonly toMe: boolean;
}
