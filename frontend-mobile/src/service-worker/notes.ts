import { type FromServiceWorker, type Note } from './messages';
import { scope } from './scope';

/** What is said where nobody decided otherwise: that there is something, and nothing of it. */
const words = { en: 'New message in Kavalek', fr: 'Nouveau message dans Kavalek' };
const plainTag = 'kavalek';
const tryingFor = 60_000;

const told = new Set<string>();
let trying = 0;

/** Somebody tries whether wake-ups arrive. */
export function expectTry(): void {
  trying = Date.now() + tryingFor;
}

/** The server woke this browser. What is new is encrypted and locked: the notification says that there is something. */
export async function woken(): Promise<void> {
  const isTry = Date.now() < trying;
  trying = 0;
  // Who looks at the app sees it there.
  if (!isTry && (await isLookedAt())) return;
  const badge = navigator as { setAppBadge?: () => Promise<void> };
  if (!isTry) await badge.setAppBadge?.().catch(() => undefined);
  await show(plainTag, navigator.language.startsWith('fr') ? words.fr : words.en, '', '#/unread');
}

/** A page tells a message: once, however many pages tell it, and not to somebody who looks at one of them. */
export async function tell(note: Note): Promise<void> {
  if (told.has(note.id)) return;
  told.add(note.id);
  if (told.size > 500) told.delete(told.values().next().value!);
  if (await isLookedAt()) return;
  await show(`c/${note.conversation}`, note.title, note.body, note.address);
  for (const plain of await scope.registration.getNotifications({ tag: plainTag })) plain.close();
}

/** Takes away what was told of conversations that are read. */
export async function read(conversations: readonly string[], all: boolean): Promise<void> {
  const tags = new Set(conversations.map(id => `c/${id}`));
  for (const shown of await scope.registration.getNotifications()) if (all || tags.has(shown.tag)) shown.close();
}

/** Takes away what pages told; with `all`, also that there is something. */
export async function silence(all: boolean): Promise<void> {
  for (const shown of await scope.registration.getNotifications()) if (all || shown.tag !== plainTag) shown.close();
}

/** A click opens the conversation in a window that is there, or in a new one. */
export async function clicked(notification: Notification): Promise<void> {
  notification.close();
  const address = (notification.data as { address: string }).address;
  const windows = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const window = windows.find(one => one.focused) ?? windows.find(one => one.visibilityState === 'visible') ?? windows[0];
  if (!window) {
    await scope.clients.openWindow(`/${address}`);
    return;
  }
  window.postMessage({ kind: 'open', address } satisfies FromServiceWorker);
  await window.focus();
}

async function isLookedAt(): Promise<boolean> {
  return (await scope.clients.matchAll({ type: 'window', includeUncontrolled: true })).some(one => one.focused && one.visibilityState === 'visible');
}

function show(tag: string, title: string, body: string, address: string): Promise<void> {
  const options = { tag, body, data: { address }, icon: '/icon-192.png', badge: '/icon-192.png', renotify: true };
  return scope.registration.showNotification(title, options);
}
