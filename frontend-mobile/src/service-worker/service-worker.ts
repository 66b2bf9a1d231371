import { type ToServiceWorker } from './messages';
import { clicked, expectTry, read, silence, tell, woken } from './notes';
import { scope } from './scope';
import { activate, answer, install } from './shell';

/* Serves the app where there is no network, and shows that there is something new. It has no key and no message: those are the page's worker's. */

scope.addEventListener('install', event => event.waitUntil(install()));
scope.addEventListener('activate', event => event.waitUntil(activate()));
scope.addEventListener('fetch', answer);
scope.addEventListener('push', event => event.waitUntil(woken()));
scope.addEventListener('notificationclick', event => event.waitUntil(clicked(event.notification)));
scope.addEventListener('message', event => event.waitUntil(heard(event.data as ToServiceWorker)));

async function heard(message: ToServiceWorker): Promise<void> {
  switch (message.kind) {
    case 'take over':
      return scope.skipWaiting();
    case 'show':
      return tell(message.note);
    case 'read':
      return read(message.conversations, message.all);
    case 'silence':
      return silence(message.all);
    case 'trying':
      return expectTry();
  }
}
