import { createContext, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { KavalekError, useLive } from '@app/client';
import { explain, useFormats, useTexts } from '@app/i18n';
import type { Dashboard } from '../api/dashboard';
import type { Rank } from '../api/records';

export const DashboardContext = createContext<{ readonly dashboard: Dashboard; readonly me: string } | null>(null);

/** The dashboard that is open, and the account of whoever opened it. */
export function useDashboard(): { readonly dashboard: Dashboard; readonly me: string } {
  const found = useContext(DashboardContext);
  if (!found) throw new Error('there is no DashboardContext above');
  return found;
}

/** The rank of whoever opened it. */
export function useRank(): Rank {
  return useLive(useDashboard().dashboard.rank) ?? 'member';
}

/** What was asked for: the answer once it is there, and what went wrong. The answer before stays while it is asked for again. */
export interface Asked<T> {
  readonly value: T | null;
  readonly problem: string | null;
  /** The code of what went wrong. */
  readonly code: string | null;
  readonly again: () => void;
}

/**
 * Asks when the page is drawn and when `question` changes, and every so many seconds while the page is seen, which may follow from the last answer. `ask` may close over
 * what `question` names.
 */
export function useAsked<T>(ask: () => Promise<T>, question = '', seconds?: number | ((value: T | null) => number)): Asked<T> {
  const texts = useTexts();
  const formats = useFormats();
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<{ readonly text: string; readonly code: string | null } | null>(null);
  const [round, setRound] = useState(0);
  const every = typeof seconds === 'function' ? seconds(value) : seconds;
  const latest = useRef(ask);
  useEffect(() => {
    latest.current = ask;
  });
  useEffect(() => {
    let gone = false;
    const once = () =>
      void latest.current().then(
        answer => {
          if (gone) return;
          setValue(answer);
          setProblem(null);
        },
        (error: unknown) => {
          if (!gone) setProblem({ text: explain(error, texts, formats), code: error instanceof KavalekError ? error.code : null });
        },
      );
    once();
    const timer =
      every === undefined
        ? undefined
        : setInterval(() => {
            if (!document.hidden) once();
          }, every * 1000);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [question, round, every, texts, formats]);
  return { value, problem: problem?.text ?? null, code: problem?.code ?? null, again: useCallback(() => setRound(n => n + 1), []) };
}
