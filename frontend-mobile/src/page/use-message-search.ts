import { useEffect, useState } from 'react';
import type { Id, SearchHit } from '../client';
import { useClient } from './use-client';

const patience = 90;

/** What a search of messages has found so far, the newest first. */
export interface FoundMessages {
  /** What these are the hits of. */
  readonly text: string;
  readonly hits: readonly SearchHit[];
  /** Whether a page is being looked for. */
  readonly searching: boolean;
  /** Loads the next page; `null` where there is none. */
  readonly more: (() => void) | null;
}

const nothing = { text: '', hits: [], next: null } as const;

/** The messages with all of these words, in one conversation, of one person, or all; looked for a moment after the last letter. */
export function useMessageSearch(text: string, conversation: Id | null, sender: Id | null, limit: number): FoundMessages {
  const client = useClient();
  const [found, setFound] = useState<{ readonly text: string; readonly hits: readonly SearchHit[]; readonly next: string | null }>(nothing);
  const [searching, setSearching] = useState(false);
  const sought = text.trim();

  useEffect(() => {
    if (sought === '') {
      setFound(nothing);
      setSearching(false);
      return;
    }
    let stale = false;
    setSearching(true);
    const timer = setTimeout(() => {
      client
        .request('search.messages', { text: sought, conversation, sender, after: null, limit })
        .then(page => !stale && setFound({ text: sought, ...page }))
        .catch(() => !stale && setFound({ text: sought, hits: [], next: null }))
        .finally(() => !stale && setSearching(false));
    }, patience);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [client, sought, conversation, sender, limit]);

  // What has ended or was deleted is no hit any more.
  useEffect(
    () =>
      client.onEvent(event => {
        if (event.type === 'message.removed') setFound(current => ({ ...current, hits: current.hits.filter(hit => hit.message.id !== event.message) }));
      }),
    [client],
  );

  const { next, hits } = found;
  const more =
    next === null || searching || found.text !== sought
      ? null
      : () => {
          setSearching(true);
          client
            .request('search.messages', { text: sought, conversation, sender, after: next, limit })
            .then(page => setFound(current => (current.next === next ? { ...current, hits: [...current.hits, ...page.hits], next: page.next } : current)))
            .catch(() => undefined)
            .finally(() => setSearching(false));
        };
  return { text: found.text, hits, searching, more };
}
