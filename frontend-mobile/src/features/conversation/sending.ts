import { useSyncExternalStore } from 'react';
import type { Client, DraftFile, Id, Message, NewMention } from '../../client';
import { holdDrafts, whenDraftsGo } from '../../page/drafts';
import { forget, type Chosen } from './outgoing';

/** A message on its way into the store, its files read and encrypted: it is in no conversation yet. */
export interface Sending {
  /** By which its progress comes, and it is cancelled. */
  readonly id: string;
  readonly text: string;
  readonly replyTo: Message | null;
  readonly files: readonly Chosen[];
  readonly done: number;
  readonly total: number;
  /** Why it was not stored; `null` while it may be. */
  readonly failed: { readonly reason: unknown } | null;
}

/*
 * Both outlive the box they were begun in, since people go on to another conversation meanwhile; and end with the page, which then has only their names (page/drafts.ts).
 */
const chosen = new Map<Id, readonly Chosen[]>();
let sendings: ReadonlyMap<Id, readonly Sending[]> = new Map();
const none: readonly Sending[] = [];
const listeners = new Set<() => void>();

whenDraftsGo(() => {
  for (const files of chosen.values()) files.forEach(forget);
  chosen.clear();
  sendings = new Map();
});

/** The files that were chosen in a conversation and not sent. */
export function chosenIn(conversation: Id): readonly Chosen[] {
  return chosen.get(conversation) ?? [];
}

/** Keeps them while another conversation is open. */
export function keepChosen(conversation: Id, files: readonly Chosen[]): void {
  if (files.length === 0) chosen.delete(conversation);
  else chosen.set(conversation, files);
}

/** What is being made ready in a conversation. */
export function useSendings(conversation: Id): readonly Sending[] {
  return useSyncExternalStore(subscribe, () => sendings.get(conversation) ?? none);
}

/** Sends a message. Where that fails it waits for `takeBack`, whatever is on the screen by then. */
export async function send(
  client: Client,
  conversation: Id,
  message: { readonly text: string; readonly replyTo: Message | null; readonly mentions: readonly NewMention[]; readonly files: readonly Chosen[] },
): Promise<void> {
  const { text, replyTo, mentions, files } = message;
  let current: Sending = { id: crypto.randomUUID(), text, replyTo, files, done: 0, total: files.reduce((sum, file) => sum + file.blob.size, 0), failed: null };
  put(conversation, [...(sendings.get(conversation) ?? none), current]);
  hold(conversation);
  // Locked meanwhile, nothing of it is here any more.
  const become = (next: Sending | null) => {
    const all = sendings.get(conversation) ?? none;
    if (!all.includes(current)) return;
    put(
      conversation,
      all.flatMap(one => (one !== current ? [one] : next ? [next] : [])),
    );
    if (next) current = next;
  };
  const end = client.onEvent(event => {
    if (event.type === 'sending' && event.sending.sending === current.id) become({ ...current, done: event.sending.done });
  });
  try {
    const said = { conversation, text, replyTo: replyTo?.id ?? null, mentions };
    if (files.length === 0) await client.request('conversation.send', said);
    else {
      await client.request('conversation.sendFiles', {
        ...said,
        sending: current.id,
        files: files.map(({ blob, name, type, width, height, preview }) => ({ blob, name, type, width, height, preview })),
      });
    }
    files.forEach(forget);
    become(null);
    hold(conversation);
  } catch (reason) {
    become({ ...current, failed: { reason } });
  } finally {
    end();
  }
}

/** Gives back what was not stored, once. */
export function takeBack(conversation: Id): readonly Sending[] {
  const all = sendings.get(conversation) ?? none;
  const failed = all.filter(one => one.failed);
  if (failed.length > 0) {
    put(
      conversation,
      all.filter(one => !one.failed),
    );
    hold(conversation);
  }
  return failed;
}

function hold(conversation: Id): void {
  const all = sendings.get(conversation) ?? none;
  holdDrafts(
    conversation,
    all.map(({ text, replyTo, files }) => ({ text, replyTo, files: files.map(named) })),
  );
}

/** What is kept of a file that was chosen. */
export const named = ({ name, blob }: Chosen): DraftFile => ({ name, size: blob.size });

function put(conversation: Id, all: readonly Sending[]): void {
  const next = new Map(sendings);
  if (all.length === 0) next.delete(conversation);
  else next.set(conversation, all);
  sendings = next;
  for (const changed of listeners) changed();
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}
