/** A message that a page wants to be told on the screen; what it says, the page has decided. */
export interface Note {
  /** The message: two tabs that tell the same tell it once. */
  readonly id: string;
  /** The conversation: one notification each. */
  readonly conversation: string;
  readonly title: string;
  readonly body: string;
  /** Where a click leads, from the # on. */
  readonly address: string;
}

/** What a page says to the service worker. */
export type ToServiceWorker =
  /** Take the place of the release before: somebody asked for it. */
  | { readonly kind: 'take over' }
  | { readonly kind: 'show'; readonly note: Note }
  /** These conversations are read; nothing at all is unread where `all`. */
  | { readonly kind: 'read'; readonly conversations: readonly string[]; readonly all: boolean }
  /** The account was locked: nothing stays that a page told of it. `all`: it was left, and not even that there is something stays. */
  | { readonly kind: 'silence'; readonly all: boolean }
  /** The next wake-up is a try, and is shown whatever is on the screen. */
  | { readonly kind: 'trying' };

/** What the service worker says to a page. */
export type FromServiceWorker = { readonly kind: 'open'; readonly address: string };
