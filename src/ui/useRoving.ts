import { type KeyboardEvent, useRef, useState } from 'react';

/** How far a key leads; `first` and `last` lead to the ends. */
const KEYS: Record<string, number | 'first' | 'last'> = {
  ArrowLeft: -1,
  ArrowUp: -1,
  ArrowRight: 1,
  ArrowDown: 1,
  Home: 'first',
  End: 'last',
};

/**
 * One stop of the Tab key for a row of small things; arrow keys lead from one to the next.
 *
 * @param count of things.
 * @param start where the Tab key leads at first.
 */
export function useRoving(count: number, start = 0) {
  const [chosen, setCurrent] = useState(start);
  const box = useRef<HTMLDivElement>(null);
  const current = Math.min(chosen, count - 1);
  return {
    /** Of the element around them. */
    box,
    onKeyDown(event: KeyboardEvent) {
      const step = KEYS[event.key];
      if (step === undefined || count === 0) return;
      event.preventDefault();
      const next =
        step === 'first'
          ? 0
          : step === 'last'
          ? count - 1
          : Math.max(0, Math.min(count - 1, current + step));
      setCurrent(next);
      box.current?.querySelectorAll<HTMLElement>('[data-roving]')[next]?.focus();
    },
    /** Of the thing at `index`. */
    itemProps: (index: number) => ({
      'data-roving': true,
      tabIndex: index === current ? 0 : -1,
      onFocus: () => setCurrent(index),
    }),
  };
}
