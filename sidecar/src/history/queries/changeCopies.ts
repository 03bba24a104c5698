import type { History, RunChange, RunRecord } from '../history.ts';

/** Changes of one run that wait for each other, for each history. */
const turns = new WeakMap<object, Map<string, Promise<unknown>>>();

/**
 * Changes the copies of a run. A change is read only when it is on disk, so that two that begin at the same time, as those of
 * copies to two destinations, would each write what the other had before: they take turns.
 * @param change is given the run as it is now. @returns undefined: nothing is to be changed
 * @throws StageError (stage `publish`) when it could not be recorded
 */
export async function changeCopies(
  history: Pick<History, 'get' | 'commit'>,
  id: string,
  change: (run: RunRecord) => RunChange | undefined
): Promise<void> {
  const ofHistory = turns.get(history) ?? new Map<string, Promise<unknown>>();
  turns.set(history, ofHistory);
  const before = ofHistory.get(id) ?? Promise.resolve();
  const mine = before
    .catch(() => undefined)
    .then(async () => {
      const run = history.get(id);
      const wanted = run && change(run);
      if (wanted) await history.commit(id, wanted);
    });
  ofHistory.set(id, mine);
  try {
    await mine;
  } finally {
    if (ofHistory.get(id) === mine) ofHistory.delete(id);
  }
}
