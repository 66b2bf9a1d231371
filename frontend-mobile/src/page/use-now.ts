import { useEffect, useState } from 'react';
import type { Time } from '../client';

/** The time, anew every so often. */
export function useNow(everyMs: number): Time {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
