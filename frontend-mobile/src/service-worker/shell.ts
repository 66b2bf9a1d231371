import { scope, type Fetched } from './scope';

/** The release that this service worker serves, and its files: address and hash. Put in by the build. */
declare const __RELEASE__: string;
declare const __FILES__: readonly (readonly [address: string, integrity: string])[];

const prefix = 'kavalek-';
const own = `${prefix}${__RELEASE__}`;
const files = new Map(__FILES__);

/** Where the server answers itself, whatever a browser asks for. */
const servers = /^\/(auth|api|socket|openapi|admin)(\/|$)/;

/*
 * The app of one release, whole or not at all: a file whose content is not the release's stops the installation. So the page, its worker and the
 * WebAssembly that are served from here belong together. Nothing else is ever put into a cache: what a person has is in the encrypted store.
 */
export async function install(): Promise<void> {
  const cache = await caches.open(own);
  await cache.addAll(
    __FILES__.map(
      ([address, integrity]) =>
        new Request(address, { integrity, credentials: 'omit', cache: address.includes('/assets/') || address.endsWith('.wasm') ? 'default' : 'no-cache' }),
    ),
  );
}

/** The releases before go. */
export async function activate(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter(name => name.startsWith(prefix) && name !== own).map(name => caches.delete(name)));
  await scope.clients.claim();
}

/** Answers for a file or page of the app from the cache; everything else is the network's. */
export function answer(event: Fetched): void {
  const address = addressOf(event.request);
  if (address === null) return;
  event.respondWith(
    caches
      .open(own)
      .then(cache => cache.match(address))
      .then(found => found ?? fetch(event.request)),
  );
}

function addressOf(request: Request): string | null {
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin || servers.test(pathname)) return null;
  if (files.has(pathname)) return pathname;
  return request.mode === 'navigate' && !pathname.includes('.') ? '/' : null;
}
