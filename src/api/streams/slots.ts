/**
 * Browsers open six connections to a server over HTTP/1.1, for all tabs together. A stream holds one of them for as long
 * as it lasts, so that a page has few of them: a view that gets none asks from time to time.
 */
const MOST_STREAMS = 3;

let taken = 0;

/** @returns how to give the place back; undefined when there is none. */
export function takeSlot(): (() => void) | undefined {
  if (taken >= MOST_STREAMS) return undefined;
  taken += 1;
  let isTaken = true;
  return () => {
    if (isTaken) taken -= 1;
    isTaken = false;
  };
}
