import { useSyncExternalStore } from 'react';
import type { Client, Conversation, Id, Message } from '../client';

/** What was begun in a conversation and not sent. */
export interface Draft {
  readonly text: string;
  readonly replyTo: Message | null;
}

const none: Draft = { text: '', replyTo: null };
const patience = 400;

/*
 * What a person wrote is kept in the account's own store, encrypted, a moment after the last letter. In the page it is in memory alone, and gone when
 * the account is locked.
 */
let drafts: ReadonlyMap<Id, Draft> = new Map();
let client: Client | null = null;
const unsaved = new Map<Id, ReturnType<typeof setTimeout>>();
const saving = new Map<Id, Promise<void>>();
const listeners = new Set<() => void>();

/** From now on drafts are those of this account, kept in it. They are there before anything of it is drawn. */
export function connectDrafts(account: Client): void {
  client = account;
  dropDrafts();
  account.conversations.subscribe(() => client === account && adopt(account.conversations.get()));
}

document.addEventListener('visibilitychange', leave);
window.addEventListener('pagehide', leave);

function leave(): void {
  if (document.visibilityState === 'hidden') void saveDrafts();
}

/** The draft of a conversation; empty where there is none. */
export function draftOf(conversation: Id): Draft {
  return drafts.get(conversation) ?? none;
}

/** Keeps a draft. */
export function keepDraft(conversation: Id, draft: Draft): void {
  const before = draftOf(conversation);
  if (before.text === draft.text && before.replyTo?.id === draft.replyTo?.id) return;
  const next = new Map(drafts);
  if (isEmpty(draft)) next.delete(conversation);
  else next.set(conversation, draft);
  change(next);
  clearTimeout(unsaved.get(conversation));
  unsaved.set(
    conversation,
    setTimeout(() => void save(conversation), patience),
  );
}

/** Stores what is not stored yet. */
export async function saveDrafts(): Promise<void> {
  await Promise.all([...unsaved.keys()].map(save));
}

/** Forgets all drafts here: the account was locked or is gone. What was stored comes back with it. */
export function dropDrafts(): void {
  for (const timer of unsaved.values()) clearTimeout(timer);
  unsaved.clear();
  change(new Map());
}

/** All drafts. */
export function useDrafts(): ReadonlyMap<Id, Draft> {
  return useSyncExternalStore(subscribe, () => drafts);
}

async function save(conversation: Id): Promise<void> {
  clearTimeout(unsaved.get(conversation));
  unsaved.delete(conversation);
  const { text, replyTo } = draftOf(conversation);
  const work = (async () => {
    await saving.get(conversation);
    await client?.request('drafts.set', { conversation, text, replyTo: replyTo?.id ?? null }).catch(() => undefined);
  })();
  saving.set(conversation, work);
  await work;
  if (saving.get(conversation) === work) saving.delete(conversation);
}

// What the account has is taken where nothing newer was typed here.
function adopt(conversations: readonly Conversation[]): void {
  let next: Map<Id, Draft> | null = null;
  for (const { id, draft } of conversations) {
    if (unsaved.has(id) || saving.has(id)) continue;
    const here = drafts.get(id);
    if (here?.text === draft?.text && here?.replyTo?.id === draft?.replyTo?.id) continue;
    next ??= new Map(drafts);
    if (draft && !isEmpty(draft)) next.set(id, draft);
    else next.delete(id);
  }
  if (next) change(next);
}

function isEmpty(draft: Draft): boolean {
  return draft.text.trim() === '' && draft.replyTo === null;
}

function change(next: ReadonlyMap<Id, Draft>): void {
  if (next.size === 0 && drafts.size === 0) return;
  drafts = next;
  for (const changed of listeners) changed();
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}
