/**
 * The clocks of NKVM, by cluster: by how many ms each is ahead of the browser's. All dates that are shown were written by these, and
 * the clock of a browser may be wrong by days: a backup of yesterday would be one of just now.
 */
const clocks = new Map<string, number>();
const listeners = new Set<() => void>();

/** An answer takes a while, and its date has no fractions of a second. */
const CLOSE_MS = 2 * 60_000;

const isClose = (one: number, other: number): boolean => Math.abs(one - other) <= CLOSE_MS;

/** By how much the clocks of NKVM are ahead, where they agree that the browser's is wrong. */
function aheadMs(): number {
  const [first = 0, ...others] = clocks.values();
  return !isClose(first, 0) && others.every(each => isClose(each, first)) ? first : 0;
}

/** @param date of an answer, as HTTP has it; null where the browser does not show it. */
export function noteClock(cluster: string, date: string | null): void {
  const ms = date === null ? NaN : Date.parse(date);
  if (Number.isNaN(ms)) return;
  const before = aheadMs();
  clocks.set(cluster, ms - Date.now());
  if (!isClose(aheadMs(), before)) listeners.forEach(tell => tell());
}

/** For tests. */
export const forgetClocks = (): void => clocks.clear();

/** @returns the time in ms since 1970, by the clocks of NKVM where they agree that the browser's is wrong. */
export const nowMs = (): number => Date.now() + aheadMs();

/** @param listener is called when `nowMs` has jumped. @returns how to stop that. */
export function onClockJump(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
