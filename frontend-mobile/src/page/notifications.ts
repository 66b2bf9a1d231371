import type { Client } from '../client';
import { changePreferences, preferences } from './preferences';
import { pushManager, tellServiceWorker } from './service-worker';

/** How much a notification says: nothing at all is shown, that there is something, who wrote, or who and what. */
export type NoteChoice = 'none' | 'plain' | 'name' | 'text';

/** What this browser can do. `home`: only once the app is on the home screen (iOS). */
export type NoteSupport = 'no' | 'home' | 'yes';

/** Whether this browser can show notifications. */
export function noteSupport(): NoteSupport {
  if ('Notification' in window && 'serviceWorker' in navigator) return 'yes';
  const isApple = /iPad|iPhone|iPod/.test(navigator.userAgent) || (navigator.userAgent.includes('Macintosh') && navigator.maxTouchPoints > 1);
  return isApple && !matchMedia('(display-mode: standalone)').matches ? 'home' : 'no';
}

/** Whether this browser can also be woken while the app is closed. */
export const canWake = (): boolean => 'PushManager' in window && 'serviceWorker' in navigator;

/** Why it could not be done. */
export class NotesRefused extends Error {
  constructor(readonly why: 'denied' | 'server_off' | 'push_service') {
    super(why);
  }
}

/** Switches notifications on; call it from a click that says what for. Being woken while the app is closed comes with it, where browser and server can. */
export async function allowNotes(client: Client): Promise<void> {
  if ((await Notification.requestPermission()) !== 'granted') throw new NotesRefused('denied');
  if (preferences().notes === 'none') changePreferences({ notes: 'plain' });
  await subscribe(client);
}

/** Switches them off: nothing is shown any more, and nobody wakes this browser. */
export async function refuseNotes(client: Client): Promise<void> {
  changePreferences({ notes: 'none', wakeUps: false });
  tellServiceWorker({ kind: 'silence', all: true });
  await leaveWakeUps();
  await client.request('push.drop').catch(() => undefined);
}

/** Has the server wake this browser, to see whether it arrives. */
export async function tryWakeUp(client: Client): Promise<void> {
  tellServiceWorker({ kind: 'trying' });
  await client.request('push.test');
}

/** Says again where this browser is woken: subscriptions change, and end with each session. */
export async function renewWakeUps(client: Client): Promise<void> {
  if (!preferences().wakeUps || !canWake() || Notification.permission !== 'granted') return;
  await subscribe(client).catch(() => undefined);
}

/** Ends the subscription at the push service. */
export async function leaveWakeUps(): Promise<void> {
  if (preferences().wakeUps) changePreferences({ wakeUps: false });
  const manager = await pushManager();
  await (await manager?.getSubscription())?.unsubscribe().catch(() => false);
}

async function subscribe(client: Client): Promise<void> {
  const manager = await pushManager();
  if (!manager) return;
  const { key } = await client.request('push.state');
  if (key === null) throw new NotesRefused('server_off');
  let subscription: PushSubscription;
  try {
    const before = await manager.getSubscription();
    if (before && base64(before.options.applicationServerKey) !== key) await before.unsubscribe();
    subscription = await manager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  } catch {
    throw new NotesRefused('push_service');
  }
  await client.request('push.set', {
    endpoint: subscription.endpoint,
    key: base64(subscription.getKey('p256dh')),
    secret: base64(subscription.getKey('auth')),
  });
  changePreferences({ wakeUps: true });
}

function base64(bytes: ArrayBuffer | null): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
