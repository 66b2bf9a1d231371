import type { Seconds, Time } from '../client';
import type { Texts } from './en';

const day = 86_400_000;

/** Times, durations and sizes as a person of one language writes them, in the time zone of this device. */
export class Formats {
  readonly #texts: Texts;
  readonly #time: Intl.DateTimeFormat;
  readonly #weekday: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #thisYear: Intl.DateTimeFormat;
  readonly #longDay: Intl.DateTimeFormat;
  readonly #longDayOfYear: Intl.DateTimeFormat;
  readonly #full: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;
  readonly #list: Intl.ListFormat;
  readonly #locale: string;

  constructor(texts: Texts, locale: string) {
    this.#texts = texts;
    this.#locale = locale;
    this.#time = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
    this.#weekday = new Intl.DateTimeFormat(locale, { weekday: 'short' });
    this.#date = new Intl.DateTimeFormat(locale, { dateStyle: 'short' });
    this.#thisYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
    this.#longDay = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
    this.#longDayOfYear = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });
    this.#full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'medium' });
    this.#relative = new Intl.RelativeTimeFormat(locale, { numeric: 'always' });
    this.#list = new Intl.ListFormat(locale, { type: 'conjunction' });
  }

  /** 14:02. */
  time(at: Time): string {
    return this.#time.format(at);
  }

  /** Everything, for tooltips and details. */
  full(at: Time): string {
    return this.#full.format(at);
  }

  /** As short as it can be understood: the time today, the weekday this week, else the day. */
  brief(at: Time, now: Time): string {
    const days = daysBetween(at, now);
    if (days === 0) return this.time(at);
    if (days === 1) return this.#texts.chat.yesterday;
    if (days > 0 && days < 7) return this.#weekday.format(at);
    return sameYear(at, now) ? this.#thisYear.format(at) : this.#date.format(at);
  }

  /** “22 Nov”. */
  shortDay(at: Time): string {
    return this.#thisYear.format(at);
  }

  /** A day as a heading. */
  day(at: Time, now: Time): string {
    const days = daysBetween(at, now);
    if (days === 0) return this.#texts.chat.today;
    if (days === 1) return this.#texts.chat.yesterday;
    return sameYear(at, now) ? this.#longDay.format(at) : this.#longDayOfYear.format(at);
  }

  /** A calendar day, `YYYY-MM-DD`. */
  date(text: string): string {
    const [year = 1970, month = 1, dayOfMonth = 1] = text.split('-').map(Number);
    return this.#longDayOfYear.format(new Date(year, month - 1, dayOfMonth));
  }

  /** “in 4 hours”. */
  until(at: Time, now: Time): string {
    const seconds = Math.max(0, Math.round((at - now) / 1000));
    if (seconds < 90) return this.#relative.format(seconds, 'second');
    if (seconds < 90 * 60) return this.#relative.format(Math.round(seconds / 60), 'minute');
    return seconds < 36 * 3600 ? this.#relative.format(Math.round(seconds / 3600), 'hour') : this.#relative.format(Math.round(seconds / 86_400), 'day');
  }

  /** “4 weeks”, in the largest unit that fits exactly. */
  duration(seconds: Seconds): string {
    const { weeks, days, hours, minutes, seconds: inSeconds } = this.#texts.time;
    for (const [unit, words] of [
      [604_800, weeks],
      [86_400, days],
      [3600, hours],
      [60, minutes],
    ] as const) {
      if (seconds >= unit && seconds % unit === 0) return words(seconds / unit);
    }
    return inSeconds(seconds);
  }

  /** “0:07”, of something that is heard. */
  clock(seconds: Seconds): string {
    const whole = Math.max(0, Math.floor(seconds));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
  }

  /** “1.5”. */
  number(count: number): string {
    return new Intl.NumberFormat(this.#locale).format(count);
  }

  /** “1.2 MB”. */
  bytes(count: number): string {
    const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
    let step = 0;
    // Not “1,000 kB”.
    for (let left = count; left >= 999.95 && step < units.length - 1; left /= 1000) step++;
    // “59 byte” is what a short unit says of bytes.
    const unitDisplay = step === 0 ? 'long' : 'short';
    return new Intl.NumberFormat(this.#locale, { style: 'unit', unit: units[step]!, unitDisplay, maximumFractionDigits: 1 }).format(count / 1000 ** step);
  }

  /** “1.2 ms”. */
  milliseconds(count: number): string {
    return new Intl.NumberFormat(this.#locale, { style: 'unit', unit: 'millisecond', unitDisplay: 'short', maximumFractionDigits: count < 10 ? 1 : 0 }).format(
      count,
    );
  }

  /** “Marie, Jean and Awa”. */
  list(names: readonly string[]): string {
    return this.#list.format(names);
  }
}

/** How many midnights lie between, on this device's clock. */
function daysBetween(at: Time, now: Time): number {
  return Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / day);
}

/** Whether both are on one day. */
export function sameDay(one: Time, other: Time): boolean {
  return daysBetween(one, other) === 0;
}

function sameYear(one: Time, other: Time): boolean {
  return new Date(one).getFullYear() === new Date(other).getFullYear();
}
