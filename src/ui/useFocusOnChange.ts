import { type RefObject, useEffect, useRef } from 'react';

/**
 * Where a click removes the element that was clicked, the focus would go to the page's body, and a person with a keyboard would start
 * from the top again.
 *
 * @returns the ref of the element that takes its place, with `tabIndex` -1: it gets the focus when `value` changes.
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
