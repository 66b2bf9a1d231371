import { useCallback, useEffect, useRef, useState } from 'react';
import { explain, useFormats, useTexts } from '../i18n';

/** Something that takes a while and can fail: whether it runs, what went wrong in words, and how to start it. */
export interface Action<Arguments extends readonly unknown[]> {
  readonly busy: boolean;
  readonly problem: string | null;
  /** Runs it, once at a time; whether it succeeded. */
  readonly run: (...values: Arguments) => Promise<boolean>;
  readonly forget: () => void;
}

export function useAction<Arguments extends readonly unknown[]>(work: (...values: Arguments) => Promise<unknown>): Action<Arguments> {
  const t = useTexts();
  const formats = useFormats();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const latest = useRef(work);
  const running = useRef(false);
  const gone = useRef(false);
  useEffect(() => {
    latest.current = work;
  });
  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);
  const run = useCallback(
    async (...values: Arguments): Promise<boolean> => {
      if (running.current) return false;
      running.current = true;
      setBusy(true);
      setProblem(null);
      try {
        await latest.current(...values);
        return true;
      } catch (error) {
        if (!gone.current) setProblem(explain(error, t, formats));
        return false;
      } finally {
        running.current = false;
        if (!gone.current) setBusy(false);
      }
    },
    [t, formats],
  );
  const forget = useCallback(() => setProblem(null), []);
  return { busy, problem, run, forget };
}
