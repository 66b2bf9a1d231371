import { useSyncExternalStore } from 'react';
import type { Id, Message } from '../client';

/** What was begun in a conversation and not sent. */
export interface Draft {
  readonly text: string;
  readonly replyTo: Message | null;
}

const none: Draft = { text: '', replyTo: null };
let drafts: ReadonlyMap<Id, Draft> = new Map();
const listeners = new Set<() => void>();

/*
 * Drafts stay in this page's memory while it is open. They are what a person wrote, so they are not put into the browser's own storage,
 * which nothing encrypts.
 */

/** The draft of a conversation; empty where there is none. */
export function draftOf(conversation: Id): Draft {
  return drafts.get(conversation) ?? none;
}

/** Keeps a draft. */
export function keepDraft(conversation: Id, draft: Draft): void {
  const next = new Map(drafts);
  if (draft.text.trim() === '' && draft.replyTo === null) next.delete(conversation);
  else next.set(conversation, draft);
  drafts = next;
  for (const changed of listeners) changed();
}

/** Forgets all drafts: the account was locked or is gone. */
export function dropDrafts(): void {
  drafts = new Map();
  for (const changed of listeners) changed();
}

/** All drafts. */
export function useDrafts(): ReadonlyMap<Id, Draft> {
  return useSyncExternalStore(subscribe, () => drafts);
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}
