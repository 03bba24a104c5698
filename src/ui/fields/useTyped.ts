import { useEffect, useRef, useState } from 'react';

/** The text of a field that is typed first, and taken later. */
export interface Typed {
  text: string;
  type(text: string): void;
  /** Is called when the text is taken. @param value what the text stands for, as it will be given */
  took(value: string): void;
}

/**
 * @param value what counts. Anything else may change it, e.g. Back, and the field then shows it; where it only follows what was taken,
 *   the field keeps what has been typed since.
 */
export function useTyped(value: string): Typed {
  const [text, type] = useState(value);
  const known = useRef(value);
  useEffect(() => {
    if (known.current === value) return;
    known.current = value;
    type(value);
  }, [value]);
  return { text, type, took: taken => void (known.current = taken) };
}
