import { useSyncExternalStore } from 'react';

/** A value that changes: what `useSyncExternalStore` reads. `get` gives the same object until it changes. */
export interface Live<T> {
  get(): T;
  /** Calls `changed` after each change, until the returned function is called. */
  subscribe(changed: () => void): () => void;
}

/** The value, rendering again when it changes. */
export function useLive<T>(live: Live<T>): T {
  return useSyncExternalStore(live.subscribe, live.get);
}

/** A live value that its owner sets. */
export class Cell<T> implements Live<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  readonly get = (): T => this.#value;

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  };

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const changed of [...this.#listeners]) changed();
  }

  /** Whether anybody looks. */
  get watched(): boolean {
    return this.#listeners.size > 0;
  }
}
