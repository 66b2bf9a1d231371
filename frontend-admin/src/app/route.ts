import { useSyncExternalStore } from 'react';

export const screens = ['overview', 'people', 'invites', 'policy', 'audit', 'sees', 'setup'] as const;

export type Screen = (typeof screens)[number];

/** The screen in the address; what is not known is the overview. */
export function useScreen(): Screen {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  const named = hash.replace(/^#\//, '');
  return screens.find(screen => screen === named) ?? 'overview';
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
}
