// The page of the tests: the door to the account, and a worker that runs what has to run in a browser.
import { startClient, type ClientEvent } from '@client';
import insideUrl from './inside.ts?worker&url';

const events: ClientEvent[] = [];

Object.assign(window, {
  /** Starts the client as the app does. */
  start() {
    const client = startClient();
    client.onEvent(event => events.push(event));
    Object.assign(window, { client, events });
  },
  /** Resolves with the value once `check` holds for it; rejects after half a minute with what it was. */
  until<T>(live: { get(): T; subscribe(changed: () => void): () => void }, check: (value: T) => boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => { end(); reject(new Error(`still ${JSON.stringify(live.get())}`)); }, 30_000);
      const look = (): void => {
        if (!check(live.get())) return;
        clearTimeout(late);
        end();
        resolve(live.get());
      };
      const end = live.subscribe(look);
      look();
    });
  },
  /** The event for which `check` holds, past or to come. */
  event(check: (event: ClientEvent) => boolean): Promise<ClientEvent> {
    const past = events.find(check);
    if (past) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('no such event')), 30_000);
      const end = (window as unknown as { client: { onEvent(listener: (event: ClientEvent) => void): () => void } }).client.onEvent(event => {
        if (!check(event)) return;
        clearTimeout(late);
        end();
        resolve(event);
      });
    });
  },
  /** Runs tests or a benchmark in a worker of their own; gives its results. */
  inside(request: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const policy = (window as unknown as { trustedTypes: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } } }).trustedTypes
        .createPolicy('kavalek-worker', { createScriptURL: (url: string) => url });
      const worker = new Worker(policy.createScriptURL(insideUrl), { type: 'module' });
      worker.addEventListener('error', event => reject(new Error(event.message)));
      worker.addEventListener('message', event => event.data.failed ? reject(new Error(event.data.failed)) : resolve(event.data));
      worker.postMessage(request);
    });
  },
});
