import { type RefObject, useEffect, useRef } from 'react';

/**
 * Where what was clicked goes with the click, the focus would go to the page's body, and whoever uses the keyboard would begin at the
 * top again.
 *
 * @returns for what takes its place, with `tabIndex` -1: it gets the focus when `value` changes.
 */
export function useFocusOnChange(value: unknown): RefObject<HTMLDivElement> {
  const box = useRef<HTMLDivElement>(null);
  const before = useRef(value);
  useEffect(() => {
    if (before.current !== value) box.current?.focus();
    before.current = value;
  }, [value]);
  return box;
}
