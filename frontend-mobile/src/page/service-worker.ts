import { Cell, type Live } from '../client/live';
import { type FromServiceWorker, type ToServiceWorker } from '../service-worker/messages';
import { navigate } from './router';

const address = '/service-worker.js';
const hour = 3_600_000;

const waiting = new Cell(false);
let registration: ServiceWorkerRegistration | undefined;
let reloading = false;

/** Whether a new release is here and waits for somebody to say when. */
export const updateWaits: Live<boolean> = waiting;

/** Starts what serves the app without a network. Once a page, when the page has been drawn; a browser without it works as before. */
export async function startServiceWorker(): Promise<void> {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
  const before = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener('message', event => {
    const message = event.data as FromServiceWorker;
    if (message.kind === 'open') navigate(message.address);
  });
  // Somebody asked for the new release, here or in another tab: pages of the old one would not find their files any more.
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (before || reloading) location.reload();
  });
  // The installed app is asked for again, perhaps by one of its shortcuts: it goes there and is not loaded anew, which would lock it.
  const launches = (window as { launchQueue?: { setConsumer(consumer: (launch: { targetURL?: string }) => void): void } }).launchQueue;
  launches?.setConsumer(({ targetURL }) => {
    const hash = targetURL ? new URL(targetURL).hash : '';
    if (before && hash) navigate(hash);
  });
  try {
    registration = await navigator.serviceWorker.register(trusted(address), { scope: '/', updateViaCache: 'none' });
  } catch {
    // Storage is full or switched off: the app works while there is a network.
    return;
  }
  follow(registration);
  registration.addEventListener('updatefound', () => follow(registration!));
  const look = (): void => {
    if (document.visibilityState === 'visible') void registration?.update().catch(() => undefined);
  };
  setInterval(look, hour);
  window.addEventListener('online', look);
}

/** Reloads into the release that waits, here and in all tabs. What was begun is kept by the client. */
export function takeUpdate(): void {
  reloading = true;
  if (registration?.waiting) registration.waiting.postMessage({ kind: 'take over' } satisfies ToServiceWorker);
  else location.reload();
}

/** Says something to the service worker, where there is one. */
export function tellServiceWorker(message: ToServiceWorker): void {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.controller?.postMessage(message);
}

/** What push subscriptions hang on; `null` where this browser has none, or not here. */
export async function pushManager(): Promise<PushManager | null> {
  if (!('serviceWorker' in navigator) || !('PushManager' in window) || !registration) return null;
  return (await navigator.serviceWorker.ready).pushManager;
}

function follow(registered: ServiceWorkerRegistration): void {
  // The first one of all replaces nothing.
  const announce = (): void => {
    if (registered.waiting && navigator.serviceWorker.controller) waiting.set(true);
  };
  announce();
  registered.installing?.addEventListener('statechange', announce);
}

// Under `require-trusted-types-for 'script'` its address is code: the one policy there is accepts this one address.
function trusted(url: string): string {
  const types = (
    globalThis as { trustedTypes?: { createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string } } }
  ).trustedTypes;
  if (!types) return url;
  return types
    .createPolicy('kavalek-service-worker', {
      createScriptURL(asked) {
        if (asked !== address) throw new TypeError('not the service worker');
        return asked;
      },
    })
    .createScriptURL(url);
}
