import { useState } from 'react';
import { useAction, type Action } from '@app/ui/use-action';
import { useAsked, type Asked } from './use-dashboard';

export interface Page<T, After> {
  readonly rows: readonly T[];
  /** On all pages. */
  readonly total: number;
  /** What the next page is asked for with; `undefined` on the last one. */
  readonly next: After | undefined;
}

/** A table that the server pages: what was loaded so far, and the way to the rest. */
export interface Pages<T> {
  readonly first: Asked<{ readonly total: number }>;
  readonly rows: readonly T[];
  readonly hasMore: boolean;
  readonly more: Action<[]>;
}

/** Asks for the first page when it is drawn and when `question` changes, for a further one when somebody wants it. */
export function usePages<T, After>(ask: (after: After | null) => Promise<Page<T, After>>, question = ''): Pages<T> {
  const first = useAsked(() => ask(null), question);
  const [loaded, setLoaded] = useState<{ readonly behind: unknown; readonly rows: readonly T[]; readonly next: After | undefined } | null>(null);
  // Pages behind an answer that was replaced are those of another list.
  const further = loaded && loaded.behind === first.value ? loaded : null;
  const next = further ? further.next : first.value?.next;
  const more = useAction(async () => {
    if (next === undefined) return;
    const page = await ask(next);
    setLoaded({ behind: first.value, rows: [...(further?.rows ?? []), ...page.rows], next: page.next });
  });
  return { first, rows: [...(first.value?.rows ?? []), ...(further?.rows ?? [])], hasMore: next !== undefined, more };
}
