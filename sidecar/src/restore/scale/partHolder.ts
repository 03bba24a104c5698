/** A restore into a claim, as far as it says what the claim holds. */
export interface PastRestore {
  id: string;
  /** Of an existing claim, and it had begun to write. */
  hasWritten: boolean;
  /** Everything in the archive, not a selection. */
  isWhole: boolean;
  isProven: boolean;
}

/** How the restore ended for whose sake workloads are to be set back. */
export type Ended = Omit<PastRestore, 'id'>;

/** A restore that ended before its first byte. */
export const NOTHING_WRITTEN: Ended = { hasWritten: false, isWhole: true, isProven: false };

/**
 * Decides whether an application would be started on a volume that is neither as before nor as in the archive. Its
 * behaviour with half of its data is unknown: a database may take missing files for an empty table, and write that down.
 *
 * | the newest restore into the claim, of those that have stopped the workload, that wrote and was not proven | |
 * | --- | --- |
 * | there is none | nothing stands in the way |
 * | a later one into the claim was proven, with everything in its archive | nothing stands in the way |
 * | otherwise | the claim holds a part, by that restore |
 *
 * @param stoppedBy ids of the restores that have stopped the workload, one after the other, without setting it back
 * @param restores all restores into the claim, newest first
 * @returns the id of the restore that left the claim like this
 */
export function partHolder(
  stoppedBy: readonly string[],
  restores: readonly PastRestore[]
): string | undefined {
  for (const { id, hasWritten, isWhole, isProven } of restores) {
    if (isProven && isWhole) return undefined;
    if (hasWritten && !isProven && stoppedBy.includes(id)) return id;
  }
  return undefined;
}
