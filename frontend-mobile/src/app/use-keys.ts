import { useEffect, type RefObject } from 'react';
import type { Conversation, Id } from '../client';
import { inList, isMuted } from '../page/list-order';
import { navigate, to } from '../page/router';

interface Keys {
  readonly conversations: readonly Conversation[];
  readonly open: Id | null;
  readonly searchBox: RefObject<HTMLInputElement | null>;
  readonly lock: () => void;
  readonly showShortcuts: () => void;
}

/** The keys that work everywhere. What a browser keeps for itself (Ctrl+N, Ctrl+T, Ctrl+1…9, Ctrl+Tab) is left to it. */
export function useKeys({ conversations, open, searchBox, lock, showShortcuts }: Keys): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (document.querySelector('dialog[open]')) return;
      const inText = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
      const control = event.ctrlKey || event.metaKey;
      const done = () => event.preventDefault();

      if (event.altKey && !control && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
        done();
        const next = neighbour(conversations, open, event.key === 'ArrowDown' ? 1 : -1, event.shiftKey);
        if (next) navigate(to.conversation(next.id));
      } else if (event.altKey && !control && event.code === 'KeyN') {
        done();
        navigate(to.new);
      } else if (event.altKey && !control && event.code === 'KeyL') {
        done();
        lock();
      } else if (control && event.key.toLowerCase() === 'k') {
        done();
        const begin = () => {
          searchBox.current?.focus();
          searchBox.current?.select();
        };
        // At once, or what is typed next goes elsewhere; on a narrow screen a page stands in front of the list, which is drawn first.
        if (searchBox.current?.checkVisibility({ visibilityProperty: true })) return begin();
        navigate(to.list);
        requestAnimationFrame(begin);
      } else if ((event.key === '?' && !inText && !control && !event.altKey) || (control && event.key === '/')) {
        done();
        showShortcuts();
      } else if (event.key === 'F6') {
        done();
        cyclePanes(event.shiftKey);
      } else if (event.key === 'Escape' && !inText && location.hash !== to.list && !event.defaultPrevented) {
        navigate(open && location.hash !== to.conversation(open) ? to.conversation(open) : to.list);
      } else if (event.key.length === 1 && !inText && !control && !event.altKey && event.key !== ' ') {
        // Typing anywhere is typing a message; the key itself arrives in the box.
        document.querySelector<HTMLTextAreaElement>('textarea[data-composer]')?.focus();
      }
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [conversations, open, searchBox, lock, showShortcuts]);
}

/** The next conversation of the list, or the next with something unread. */
export function neighbour(conversations: readonly Conversation[], open: Id | null, step: 1 | -1, unread: boolean): Conversation | undefined {
  const listed = inList(conversations);
  const here = listed.findIndex(one => one.id === open);
  const rest = step > 0 ? listed.slice(here + 1) : listed.slice(0, Math.max(0, here)).reverse();
  return rest.find(one => !unread || ((one.unread > 0 || one.markedUnread) && !isMuted(one, Date.now())));
}

function cyclePanes(back: boolean): void {
  const panes = [...document.querySelectorAll<HTMLElement>('[data-pane]')].filter(pane => pane.checkVisibility({ visibilityProperty: true }));
  const here = panes.findIndex(pane => pane.contains(document.activeElement));
  const next = panes[(here + (back ? -1 : 1) + panes.length) % panes.length];
  // What is open in the list, what one writes in, else the first that is drawn: on a wide screen the way back is not.
  ['[aria-current=page]', '[data-row]', 'textarea', 'a[href], button, input']
    .flatMap(what => [...(next?.querySelectorAll<HTMLElement>(what) ?? [])])
    .find(one => one.checkVisibility({ visibilityProperty: true }))
    ?.focus();
}
