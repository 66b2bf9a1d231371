import { useSyncExternalStore } from 'react';
import { type NoteChoice } from './notifications';

/** What this browser looks like: nothing of it is secret, and the lock screen needs it, too. */
export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark';
  /** Whether the list shows that somebody wrote, and not what. */
  readonly hidePreviews: boolean;
  /** Of emoji: 0 for none, 1 (light) to 5 (dark). */
  readonly skinTone: 0 | 1 | 2 | 3 | 4 | 5;
  /** How much notifications say. */
  readonly notes: NoteChoice;
  /** Whether the server was asked to wake this browser. */
  readonly wakeUps: boolean;
}

const storedAt = 'kavalek.preferences';
const listeners = new Set<() => void>();
let current = read();
apply();

/** The preferences, outside of what is drawn. */
export const preferences = (): Preferences => current;

/** The preferences, and how to change them. */
export function usePreferences(): [Preferences, (change: Partial<Preferences>) => void] {
  return [useSyncExternalStore(subscribe, () => current), set];
}

/** Changes some of them. */
export const changePreferences = set;

function set(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  localStorage.setItem(storedAt, JSON.stringify(current));
  apply();
  for (const changed of listeners) changed();
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

function apply(): void {
  if (current.theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = current.theme;
}

function read(): Preferences {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storedAt) ?? '{}');
    const { theme, hidePreviews, skinTone, notes, wakeUps } = stored as Partial<Preferences>;
    return {
      theme: theme === 'light' || theme === 'dark' ? theme : 'system',
      hidePreviews: hidePreviews === true,
      skinTone: ([1, 2, 3, 4, 5] as const).find(tone => tone === skinTone) ?? 0,
      notes: notes === 'plain' || notes === 'name' || notes === 'text' ? notes : 'none',
      wakeUps: wakeUps === true,
    };
  } catch {
    return { theme: 'system', hidePreviews: false, skinTone: 0, notes: 'none', wakeUps: false };
  }
}
