import { useLayoutEffect, useRef, type ComponentProps, type RefObject } from 'react';

interface ModalProps extends Omit<ComponentProps<'dialog'>, 'onCancel' | 'onClick' | 'onPointerDown' | 'open'> {
  readonly ref?: RefObject<HTMLDialogElement | null>;
  /** Which element has the focus first; where nothing is said, the browser's choice. */
  readonly focusFirst?: string;
  readonly onClose: () => void;
}

/** What stands on top of the page until it is closed: by Escape, or a click beside it. The focus then goes back to where it was. */
export function Modal({ ref, focusFirst, onClose, ...rest }: ModalProps) {
  const own = useRef<HTMLDialogElement>(null);
  const dialog = ref ?? own;
  const first = useRef(focusFirst);
  const beside = useRef(false);

  // Before whoever draws it measures it: what is closed has no size.
  useLayoutEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    if (first.current) element?.querySelector<HTMLElement>(first.current)?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, [dialog]);

  return (
    <dialog
      {...rest}
      ref={dialog}
      onCancel={event => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={event => {
        beside.current = event.target === dialog.current;
      }}
      onClick={event => {
        // What was begun inside, as a text being marked, and let go beside it closes nothing.
        if (event.target === dialog.current && beside.current) onClose();
      }}
    />
  );
}
