import type { History, RunRecord } from '../../../history/history.ts';

/** An archive that may be in use. */
export interface UsedArchive {
  /** Id of the run of its backup. */
  run: string;
  destination: string;
  key: string;
}

export interface UseFacts {
  /** Runs that have not ended. */
  unfinished: readonly RunRecord[];
  isRead(destination: string, key: string): boolean;
  /** @returns ids of backups that cannot be restored from a destination without the archive of this one there. */
  dependsOn(run: string, destination: string): readonly string[];
  /** @returns ids of the backups whose archives are read, or copied, with that of a backup. */
  linksOf(backup: string): readonly string[];
}

/** @returns which archives an increment needs. */
export const linksIn =
  (history: Pick<History, 'get'>): UseFacts['linksOf'] =>
  backup =>
    history.get(backup)?.chain?.links.map(({ runId }) => runId) ?? [];

/** For plans, which keep themselves what their own increments need. */
export const noDependents = (): readonly string[] => [];

/** @returns which increments at a destination, or under way, need the archive of a backup there. */
export const dependentsIn =
  (history: Pick<History, 'dependents' | 'get'>): UseFacts['dependsOn'] =>
  (run, destination) =>
    history.dependents(run).filter(id => {
      const dependent = history.get(id);
      return (
        !dependent ||
        dependent.endedAt === null ||
        dependent.copies.some(copy => copy.destination === destination && copy.state !== 'deleted')
      );
    });

/** @returns a function that says why an archive must stay for now; null: nothing needs it */
export function useOf({ unfinished, isRead, dependsOn, linksOf }: UseFacts) {
  const byBackup = new Map<string, string>();
  const byKey = new Map<string, string>();
  for (const { id, kind, details } of unfinished) {
    byBackup.set(id, `its ${kind} has not ended`);
    if (!details) continue;
    // Where an increment is copied to, it does not depend on anything yet.
    for (const used of [...linksOf(details.backup), details.backup])
      byBackup.set(used, `${kind} ${id} uses it`);
    if (details.kind !== 'restore') continue;
    byKey.set(details.archive, `${kind} ${id} uses it`);
    if (details.safetyBackupId !== null)
      byBackup.set(details.safetyBackupId, `${kind} ${id} uses it`);
  }
  return ({ run, destination, key }: UsedArchive): string | null => {
    const dependent = dependsOn(run, destination)[0];
    return (
      byBackup.get(run) ??
      byKey.get(key) ??
      (dependent === undefined ? null : `backup ${dependent} depends on it`) ??
      (isRead(destination, key) ? 'it is being read' : null)
    );
  };
}

export type UseWorld = Omit<UseFacts, 'unfinished' | 'linksOf'> & {
  history: Pick<History, 'unfinished' | 'get'>;
};

/** @returns why an archive must stay, as it is at this moment; null: nothing needs it */
export const usedNow = (archive: UsedArchive, { history, ...world }: UseWorld): string | null =>
  useOf({ ...world, unfinished: history.unfinished(), linksOf: linksIn(history) })(archive);
