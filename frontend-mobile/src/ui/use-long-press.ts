import { useEffect, useRef, type TouchEvent } from 'react';

const after = 500;
const slack = 10;

export interface Point {
  readonly x: number;
  readonly y: number;
}

interface LongPress {
  readonly onTouchStart: (event: TouchEvent) => void;
  readonly onTouchMove: (event: TouchEvent) => void;
  readonly onTouchEnd: (event: TouchEvent) => void;
  readonly onTouchCancel: () => void;
}

/** What a finger that stays does; the click that would follow does not happen then. */
export function useLongPress(pressed: (at: Point) => void): LongPress {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const from = useRef<Point | null>(null);
  const done = useRef(false);
  const end = () => {
    clearTimeout(timer.current);
    from.current = null;
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return {
    onTouchStart: event => {
      const touch = event.touches[0];
      done.current = false;
      if (!touch || event.touches.length > 1) return end();
      const at = { x: touch.clientX, y: touch.clientY };
      from.current = at;
      timer.current = setTimeout(() => {
        done.current = true;
        pressed(at);
      }, after);
    },
    onTouchMove: event => {
      const touch = event.touches[0];
      if (touch && from.current && Math.hypot(touch.clientX - from.current.x, touch.clientY - from.current.y) > slack) end();
    },
    onTouchEnd: event => {
      if (done.current) event.preventDefault();
      end();
    },
    onTouchCancel: end,
  };
}
