import { Client } from './client';
import workerUrl from './worker/worker.ts?worker&url';

/** Starts the worker that holds the account, and gives the page's door to it. Once a page. */
export function startClient(): Client {
  return new Client(new Worker(trusted(workerUrl), { type: 'module', name: 'kavalek' }));
}

// Under `require-trusted-types-for 'script'` a worker's address is code: the one policy there is accepts this one address.
function trusted(url: string): string {
  const types = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string } } }).trustedTypes;
  if (!types) return url;
  return types.createPolicy('kavalek-worker', {
    createScriptURL(asked) {
      if (asked !== workerUrl) throw new TypeError('not the worker');
      return asked;
    },
  }).createScriptURL(url);
}
