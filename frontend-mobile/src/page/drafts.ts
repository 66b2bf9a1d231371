import { useSyncExternalStore } from 'react';
import type { Client, Conversation, DraftFile, Id, Message } from '../client';

/** What was begun in a conversation and not sent. */
export interface Draft {
  readonly text: string;
  readonly replyTo: Message | null;
  /** The files that are to go with it, by name: the page has them only for as long as it lives. */
  readonly files: readonly DraftFile[];
}

const none: Draft = { text: '', replyTo: null, files: [] };
const patience = 400;

/*
 * What a person wrote is kept in the account's own store, encrypted, a moment after the last letter. In the page it is in memory alone, and gone when
 * the account is locked.
 */
let drafts: ReadonlyMap<Id, Draft> = new Map();
let client: Client | null = null;
/** What is on its way into a message and not stored as one yet: should the page end first, it comes back as a draft. */
const held = new Map<Id, readonly Draft[]>();
const unsaved = new Map<Id, ReturnType<typeof setTimeout>>();
const saving = new Map<Id, Promise<void>>();
/** What the tab that had the account may not have stored when it went away: it comes back as soon as the account is open again. */
const left = new Map<Id, Draft>();
/** Where the last try to store failed: what is there of it is older. */
const notKept = new Set<Id>();
/** How often all was dropped. */
let dropping = 0;
const listeners = new Set<() => void>();
const dropped = new Set<() => void>();

/** From now on drafts are those of this account, kept in it. They are there before anything of it is drawn. */
export function connectDrafts(account: Client): void {
  client = account;
  dropDrafts();
  account.conversations.subscribe(() => client === account && adopt(account.conversations.get()));
}

document.addEventListener('visibilitychange', leave);
window.addEventListener('pagehide', () => void saveDrafts());

function leave(): void {
  if (document.visibilityState === 'hidden') void saveDrafts();
}

/** The draft of a conversation; empty where there is none. */
export function draftOf(conversation: Id): Draft {
  return drafts.get(conversation) ?? none;
}

/** Keeps a draft. */
export function keepDraft(conversation: Id, draft: Draft): void {
  if (isSame(draftOf(conversation), draft)) return;
  const next = new Map(drafts);
  if (isEmpty(draft)) next.delete(conversation);
  else next.set(conversation, draft);
  change(next);
  saveSoon(conversation);
}

/** What is on its way into messages of a conversation is kept with its draft, until it is given anew. */
export function holdDrafts(conversation: Id, all: readonly Draft[]): void {
  if (all.length === 0) held.delete(conversation);
  else held.set(conversation, all);
  saveSoon(conversation);
}

/** Stores what is not stored yet. */
export async function saveDrafts(): Promise<void> {
  await Promise.all([...unsaved.keys()].map(save));
}

/**
 * Forgets all drafts here: the account was locked or is gone. What was stored comes back with it.
 * @param went whether another tab had the account and went away, which nobody asked for: what it may not have stored is kept until the account is open.
 */
export function dropDrafts(went = false): void {
  if (!went) left.clear();
  else for (const id of new Set([...unsaved.keys(), ...saving.keys(), ...held.keys()])) left.set(id, together(id));
  for (const timer of unsaved.values()) clearTimeout(timer);
  unsaved.clear();
  held.clear();
  notKept.clear();
  dropping++;
  change(new Map());
  for (const forget of dropped) forget();
}

/** Calls whenever all drafts are forgotten. */
export function whenDraftsGo(forget: () => void): void {
  dropped.add(forget);
}

/** All drafts. */
export function useDrafts(): ReadonlyMap<Id, Draft> {
  return useSyncExternalStore(subscribe, () => drafts);
}

/** Whether what was begun in a conversation is in this page alone, since it could not be stored. */
export function useNotKept(conversation: Id): boolean {
  return useSyncExternalStore(subscribe, () => notKept.has(conversation));
}

function saveSoon(conversation: Id): void {
  clearTimeout(unsaved.get(conversation));
  unsaved.set(
    conversation,
    setTimeout(() => void save(conversation), patience),
  );
}

async function save(conversation: Id): Promise<void> {
  clearTimeout(unsaved.get(conversation));
  unsaved.delete(conversation);
  const work = (async () => {
    await saving.get(conversation);
    const { text, replyTo, files } = together(conversation);
    const before = dropping;
    const isKept = await client?.request('drafts.set', { conversation, text, replyTo: replyTo?.id ?? null, files }).then(
      () => true,
      () => false,
    );
    // Locked meanwhile, nothing of it is here any more.
    if (before !== dropping) return;
    if (isKept) notKept.delete(conversation);
    else notKept.add(conversation);
    tell();
  })();
  saving.set(conversation, work);
  await work;
  if (saving.get(conversation) === work) saving.delete(conversation);
}

/** What is on its way and what was typed behind it, as one draft. */
function together(conversation: Id): Draft {
  const all = [...(held.get(conversation) ?? []), draftOf(conversation)];
  return {
    text: all
      .map(one => one.text)
      .filter(one => one !== '')
      .join('\n'),
    replyTo: all.find(one => one.replyTo)?.replyTo ?? null,
    files: all.flatMap(one => one.files).slice(0, 10),
  };
}

// What the account has is taken where nothing newer was typed here.
function adopt(conversations: readonly Conversation[]): void {
  let next: Map<Id, Draft> | null = null;
  for (const { id, draft: stored } of conversations) {
    const draft = left.get(id) ?? stored;
    if (left.delete(id)) saveSoon(id);
    else if (unsaved.has(id) || saving.has(id) || held.has(id)) continue;
    if (isSame(drafts.get(id) ?? none, draft ?? none)) continue;
    next ??= new Map(drafts);
    if (draft && !isEmpty(draft)) next.set(id, draft);
    else next.delete(id);
  }
  if (next) change(next);
}

function isSame(one: Draft, other: Draft): boolean {
  return (
    one.text === other.text &&
    one.replyTo?.id === other.replyTo?.id &&
    one.files.length === other.files.length &&
    one.files.every((file, n) => file.name === other.files[n]!.name && file.size === other.files[n]!.size)
  );
}

function isEmpty(draft: Draft): boolean {
  return draft.text.trim() === '' && draft.replyTo === null && draft.files.length === 0;
}

function change(next: ReadonlyMap<Id, Draft>): void {
  if (next.size === 0 && drafts.size === 0) return;
  drafts = next;
  tell();
}

function tell(): void {
  for (const changed of listeners) changed();
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}
