import { useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { Icon, type IconName } from './icon';
import { classNames } from './class-names';
import { Modal } from './modal';
import styles from './menu.module.css';

export interface MenuItem {
  readonly label: string;
  readonly icon: IconName;
  readonly danger?: boolean;
  /** What it does opens another menu in the place of this one. */
  readonly staysOpen?: boolean;
  readonly onChoose: () => void;
}

/** Where a menu opens: it goes on from there towards the end of the line. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Below an element, at its start or so far from it. */
export function belowStart(element: Element, inset = 0, along = 1): Place {
  const box = element.getBoundingClientRect();
  return { x: document.dir === 'rtl' ? box.right - inset : box.left + inset, y: box.top + box.height * along };
}

/** A list of what can be done with one thing, beside that thing or where the pointer is. */
export function Menu({
  label,
  items,
  quick,
  at,
  onClose,
}: {
  readonly label: string;
  readonly items: readonly MenuItem[];
  /** Menu items that stand in a row above the others. */
  readonly quick?: ReactNode;
  readonly at: Place;
  readonly onClose: () => void;
}) {
  const menu = useRef<HTMLDialogElement>(null);

  useLayoutEffect(() => {
    const element = menu.current;
    if (!element) return;
    const margin = 8;
    const { offsetWidth: width, offsetHeight: height } = element;
    const left = Math.min(Math.max(margin, document.dir === 'rtl' ? at.x - width : at.x), window.innerWidth - width - margin);
    const top = at.y + height + margin > window.innerHeight ? Math.max(margin, at.y - height) : at.y;
    element.style.setProperty('left', `${left}px`);
    element.style.setProperty('top', `${top}px`);
  });

  const move = (event: KeyboardEvent) => {
    const buttons = [...(menu.current?.querySelectorAll('button') ?? [])];
    const here = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const row = buttons.filter(button => button.closest('[data-quick]')).length;
    const forward = document.dir === 'rtl' ? -1 : 1;
    const steps: Record<string, number> =
      here < row
        ? { ArrowDown: row, ArrowUp: -1, ArrowRight: here + forward, ArrowLeft: here - forward, Home: 0, End: buttons.length - 1 }
        : { ArrowDown: here + 1, ArrowUp: here === row ? 0 : here - 1, Home: 0, End: buttons.length - 1 };
    const next = steps[event.key];
    if (event.key === 'Tab') onClose();
    if (next === undefined) return;
    event.preventDefault();
    buttons[(next + buttons.length) % buttons.length]?.focus();
  };

  return (
    <Modal ref={menu} className={styles.menu} aria-label={label} focusFirst="button" onKeyDown={move} onClose={onClose}>
      <div role="menu" aria-label={label}>
        {quick && (
          <div role="group" data-quick className={styles.quick}>
            {quick}
          </div>
        )}
        {items.map(item => (
          <button
            key={item.label}
            type="button"
            role="menuitem"
            className={classNames(styles.item, item.danger && styles.danger)}
            onClick={() => {
              if (!item.staysOpen) onClose();
              item.onChoose();
            }}
          >
            <Icon name={item.icon} small />
            {item.label}
          </button>
        ))}
      </div>
    </Modal>
  );
}
