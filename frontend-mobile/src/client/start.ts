import { Client, type Port } from './client';
import type { FromWorker, ToWorker } from './protocol';
import workerUrl from './worker/worker.ts?worker&url';

/** Starts the worker that holds the account, and gives the page's door to it. Once a page. */
export function startClient(): Client {
  return new Client(new Workers(trusted(workerUrl)));
}

/**
 * The worker of this page: one after the other. When the account is closed its worker is ended, so that no key, password or message is left in any
 * memory of it, and a fresh one takes its place. What was asked and not answered is asked of that one.
 */
class Workers implements Port {
  readonly #url: string;
  readonly #listeners = new Set<(event: MessageEvent<FromWorker>) => void>();
  readonly #unanswered = new Map<number, ToWorker>();
  #worker: Worker;

  constructor(url: string) {
    this.#url = url;
    this.#worker = this.#start();
  }

  postMessage(message: ToWorker): void {
    this.#unanswered.set(message.id, message);
    this.#worker.postMessage(message);
  }

  addEventListener(_: 'message', listener: (event: MessageEvent<FromWorker>) => void): void {
    this.#listeners.add(listener);
  }

  #start(): Worker {
    const worker = new Worker(this.#url, { type: 'module', name: 'kavalek' });
    worker.addEventListener('message', (event: MessageEvent<FromWorker>) => {
      if (worker !== this.#worker) return;
      const message = event.data;
      if (message.kind === 'answer' || message.kind === 'error') this.#unanswered.delete(message.id);
      for (const listener of this.#listeners) listener(event);
      if (message.kind === 'spent') this.#replace();
    });
    return worker;
  }

  #replace(): void {
    this.#worker.terminate();
    this.#worker = this.#start();
    for (const message of this.#unanswered.values()) this.#worker.postMessage(message);
  }
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
