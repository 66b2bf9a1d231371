import { useSyncExternalStore } from 'react';

export const screens = ['overview', 'people', 'invites', 'groups', 'policy', 'storage', 'reports', 'backups', 'audit', 'sees', 'settings', 'setup'] as const;

export type Screen = (typeof screens)[number];

/** The screen in the address, and what it is of; what is not known is the overview. */
export function useRoute(): { readonly screen: Screen; readonly of: string | null } {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  const [named, of] = hash.replace(/^#\//, '').split('/');
  return { screen: screens.find(screen => screen === named) ?? 'overview', of: of ? of : null };
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
}
