import type { FromWorker, ToWorker } from '../protocol';
import { installFastTimeout } from './fast-timeout';
import { joinTabs } from './tabs';

// Before .NET: it takes what is there. And never `self.onmessage`, which .NET takes for one of its own threads.
installFastTimeout();

const scope = self as unknown as { postMessage(message: FromWorker): void };
const missing = !self.isSecureContext ? 'a secure address (https)'
  : typeof WebAssembly === 'undefined' ? 'WebAssembly'
  : !('locks' in navigator) ? 'Web Locks'
  : typeof indexedDB === 'undefined' ? 'IndexedDB'
  : null;

if (missing) {
  const error = { code: 'unsupported', message: `This browser lacks ${missing}, which Kavalek needs.`, nothingChanged: true };
  scope.postMessage({ kind: 'event', event: { type: 'session', session: { state: 'unsupported', error } } });
} else {
  const ask = joinTabs({ base: '/dotnet/', database: 'kavalek', release: self.location.pathname, post: message => scope.postMessage(message) });
  self.addEventListener('message', (event: MessageEvent<ToWorker>) => ask(event.data));
}
