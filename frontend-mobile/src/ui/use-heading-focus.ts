import { useEffect, useRef, type RefObject } from 'react';

/**
 * For the heading of a page that opens: what led there is gone, and the focus with it, so it goes on here, unless something has it already.
 * `changed`: other values are another page. The heading needs `tabIndex={-1}`.
 */
export function useHeadingFocus<Element extends HTMLElement = HTMLHeadingElement>(changed?: unknown): RefObject<Element | null> {
  const heading = useRef<Element>(null);
  useEffect(() => {
    const { activeElement } = document;
    if (!activeElement || activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, [changed]);
  return heading;
}
