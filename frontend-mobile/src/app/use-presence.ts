import { useEffect } from 'react';
import { useClient } from '../page/use-client';

const every = 10_000;

/** Tells the client that somebody is there, so that it does not lock itself, and that the page or the network came back. */
export function usePresence(): void {
  const client = useClient();
  useEffect(() => {
    let last = 0;
    const touch = () => {
      const now = Date.now();
      if (now - last < every) return;
      last = now;
      client.request('session.touch').catch(() => undefined);
    };
    const wake = () => {
      // A hidden page may never be shown again: what it knows is archived while it can be.
      client.request(document.visibilityState === 'visible' ? 'session.wake' : 'history.save').catch(() => undefined);
    };
    const inputs = ['pointerdown', 'keydown', 'wheel', 'touchmove'] as const;
    touch();
    for (const input of inputs) window.addEventListener(input, touch, { passive: true, capture: true });
    window.addEventListener('online', wake);
    document.addEventListener('visibilitychange', wake);
    return () => {
      for (const input of inputs) window.removeEventListener(input, touch, { capture: true });
      window.removeEventListener('online', wake);
      document.removeEventListener('visibilitychange', wake);
    };
  }, [client]);
}
