import { setImmediate as otherWork } from 'node:timers/promises';

/** Long enough that the turns cost little, short enough for everything else. */
const TURN_MS = 15;

/** @returns the result for each of a long list, in its order. Other work has its turn on the event loop in between. */
export async function inTurns<T, R>(list: readonly T[], work: (each: T) => R): Promise<R[]> {
  const found: R[] = [];
  let began = performance.now();
  for (const each of list) {
    found.push(work(each));
    if (performance.now() - began < TURN_MS) continue;
    await otherWork();
    began = performance.now();
  }
  return found;
}
