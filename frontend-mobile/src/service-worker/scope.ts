/* The part of a service worker's world that is used here: the types of pages and of workers do not go together in one program. */

export interface Waits extends Event {
  waitUntil(work: Promise<unknown>): void;
}

export interface Fetched extends Waits {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

export interface Said extends Waits {
  readonly data: unknown;
  readonly source: Window | null;
  readonly ports: readonly MessagePort[];
}

export interface Clicked extends Waits {
  readonly notification: Notification;
}

export interface WindowClient {
  readonly visibilityState: DocumentVisibilityState;
  readonly focused: boolean;
  focus(): Promise<WindowClient>;
  postMessage(message: unknown): void;
}

export interface Scope {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly WindowClient[]>;
    openWindow(address: string): Promise<WindowClient | null>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate' | 'push', listener: (event: Waits) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetched) => void): void;
  addEventListener(type: 'message', listener: (event: Said) => void): void;
  addEventListener(type: 'notificationclick', listener: (event: Clicked) => void): void;
}

export const scope = self as unknown as Scope;
