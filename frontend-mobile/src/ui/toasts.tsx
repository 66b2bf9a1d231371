import { createContext, useCallback, useContext, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useTexts } from '../i18n';
import { Button, IconButton } from './button';
import styles from './toasts.module.css';

export interface Toast {
  readonly text: string;
  readonly action?: { readonly label: string; readonly onClick: () => void };
  /** Stays until it is closed: for what must not be missed. */
  readonly stays?: boolean;
}

const Context = createContext<{ readonly say: (toast: Toast) => void; readonly clear: () => void }>({ say: () => undefined, clear: () => undefined });

/** Says one calm line at the edge of the page, and to screen readers. */
export function useToast(): (toast: Toast) => void {
  return useContext(Context).say;
}

/** Takes everything away that was said: the account was locked, and names may stand there. */
export function useClearToasts(): () => void {
  return useContext(Context).clear;
}

const shownFor = 6000;

/** Where toasts appear. */
export function Toasts({ children }: { readonly children: ReactNode }) {
  const t = useTexts();
  const last = useRef(0);
  const [toasts, setToasts] = useState<readonly (Toast & { readonly id: number })[]>([]);
  const close = useCallback((id: number) => setToasts(all => all.filter(toast => toast.id !== id)), []);
  const say = useCallback(
    (toast: Toast) => {
      const id = ++last.current;
      setToasts(all => [...all.filter(other => other.text !== toast.text).slice(-2), { ...toast, id }]);
      if (!toast.stays) setTimeout(() => close(id), shownFor);
    },
    [close],
  );
  // A dialog lies on top of the page, with all that was said before it: what is said after it lies on top of the dialog.
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    place.current?.showPopover?.();
  }, []);
  useLayoutEffect(() => {
    if (toasts.length === 0) return;
    // Nor does it cover what one writes.
    place.current?.style.setProperty('--writing', `${document.getElementById('composer')?.offsetHeight ?? 0}px`);
    if (!document.querySelector('dialog[open]')) return;
    place.current?.hidePopover?.();
    place.current?.showPopover?.();
  }, [toasts]);
  const value = useMemo(() => ({ say, clear: () => setToasts([]) }), [say]);
  const shown = useMemo(
    () => (
      <div ref={place} className={styles.toasts} role="status" popover="manual">
        {toasts.map(toast => (
          <div key={toast.id} className={styles.toast}>
            <p>{toast.text}</p>
            {toast.action && (
              <Button
                kind="plain"
                className={styles.action}
                onClick={() => {
                  close(toast.id);
                  toast.action?.onClick();
                }}
              >
                {toast.action.label}
              </Button>
            )}
            <IconButton icon="close" label={t.app.close} className={styles.close} onClick={() => close(toast.id)} />
          </div>
        ))}
      </div>
    ),
    [toasts, close, t],
  );
  return (
    <Context value={value}>
      {children}
      {shown}
    </Context>
  );
}
