import { useSyncExternalStore } from 'react';
import type { Id, MessageId } from '../client';

/*
 * Pages are named in the fragment, which a browser never sends: which conversation somebody opens is none of the server's business,
 * not even in a reload.
 */

export type Route =
  | { readonly page: 'list' }
  | { readonly page: 'conversation'; readonly id: Id; readonly message: MessageId | null }
  | { readonly page: 'info'; readonly id: Id }
  | { readonly page: 'safety'; readonly account: Id; readonly from: Id | null }
  | { readonly page: 'new' }
  | { readonly page: 'new-group' }
  | { readonly page: 'settings' }
  | { readonly page: 'devices' }
  | { readonly page: 'recovery' }
  | { readonly page: 'audit' };

/** The addresses of the pages. */
export const to = {
  list: '#/',
  unread: '#/unread',
  conversation: (id: Id, message?: MessageId): string => `#/c/${id}${message ? `/m/${encodeURIComponent(message)}` : ''}`,
  info: (id: Id): string => `#/c/${id}/info`,
  safety: (account: Id, from?: Id): string => `#/p/${account}/safety${from ? `/${from}` : ''}`,
  new: '#/new',
  newGroup: '#/new/group',
  settings: '#/settings',
  devices: '#/settings/devices',
  recovery: '#/settings/recovery',
  audit: '#/settings/server',
} as const;

/** The page of an address; what is not known is the list. */
export function routeOf(hash: string): Route {
  const [first, second, third, fourth] = hash.replace(/^#\/?/, '').split('/');
  if (first === 'c' && isId(second)) {
    if (third === 'info') return { page: 'info', id: second };
    return { page: 'conversation', id: second, message: third === 'm' && fourth ? decode(fourth) : null };
  }
  if (first === 'p' && isId(second) && third === 'safety') return { page: 'safety', account: second, from: isId(fourth) ? fourth : null };
  if (first === 'new') return { page: second === 'group' ? 'new-group' : 'new' };
  if (first === 'settings') return { page: second === 'devices' ? 'devices' : second === 'recovery' ? 'recovery' : second === 'server' ? 'audit' : 'settings' };
  return { page: 'list' };
}

/** The page in the address. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return routeOf(hash);
}

/** Goes to a page. `replace`: Back does not lead to the one before. */
export function navigate(address: string, replace = false): void {
  if (replace) history.replaceState(null, '', address);
  else if (location.hash !== address) history.pushState(null, '', address);
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

/** What a link to this server carries: an invitation, the one of its first owner, or a contact. */
export interface LinkSecret {
  readonly kind: 'invite' | 'setup' | 'contact';
  readonly secret: string;
}

/** Reads what follows the # of a link, or a whole link to this very server. */
export function linkSecret(text: string): LinkSecret | null {
  const trimmed = text.trim();
  const hash = trimmed.startsWith('#') ? trimmed : trimmed.startsWith(`${location.origin}/`) ? trimmed.slice(trimmed.indexOf('#')) : '';
  const match = /^#(invite|setup|contact)=([A-Za-z0-9_-]{1,2048})$/.exec(hash);
  return match ? { kind: match[1] as LinkSecret['kind'], secret: match[2]! } : null;
}

/** Takes the secret of a link out of the address, so that it stays neither in the history nor on the screen. */
export function takeLinkSecret(): LinkSecret | null {
  const found = linkSecret(location.hash);
  if (found) history.replaceState(null, '', to.list);
  return found;
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed);
  window.addEventListener('popstate', changed);
  return () => {
    window.removeEventListener('hashchange', changed);
    window.removeEventListener('popstate', changed);
  };
}

function isId(text: string | undefined): text is Id {
  return text !== undefined && /^[0-9a-f]{32}$/.test(text);
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
