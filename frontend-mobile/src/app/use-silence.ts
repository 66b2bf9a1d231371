import { useEffect } from 'react';
import type { Session } from '../client';
import { leaveWakeUps } from '../page/notifications';
import { tellServiceWorker } from '../page/service-worker';

/** As soon as an account is closed no notification of it stays on the screen; with the account, the push subscription goes. */
export function useSilence(state: Session['state']): void {
  useEffect(() => {
    if (state === 'starting' || state === 'busy' || state === 'ready') return;
    const left = state === 'empty' || state === 'removed';
    tellServiceWorker({ kind: 'silence', all: left });
    if (left) void leaveWakeUps();
  }, [state]);
}
