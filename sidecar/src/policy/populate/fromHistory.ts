import type { History } from '../../history/history.ts';
import { BAD_ARCHIVE_REASONS } from './badArchive.ts';
import type { ClaimName } from './claimKeys.ts';
import type { ExpectedBackup } from './facts.ts';

/** The history, as decisions need it. */
export interface FromHistory {
  /** @returns backups of a claim of this name whose archives should be somewhere, newest first: the newest hundred. */
  expected(claim: ClaimName): ExpectedBackup[];
  /** @returns the end of the newest backup of a claim of this name, in milliseconds; 0: there is none. */
  newestEnd(claim: ClaimName): number;
  /** @returns the claim of a backup; undefined: the history does not have it. */
  claimOf(backup: string): ClaimName | undefined;
  /** @returns whether the history has this archive of that backup there. */
  isAt(backup: string, destination: string, key: string): boolean;
  /** @returns why the archive is known to be broken, by its newest verification or drill; undefined: it is not. */
  faultOf(backup: string, destination: string): string | undefined;
  /** @returns whether a restore or a drill has shown that it can be restored as a whole. */
  wasRestored(backup: string): boolean;
}

/** The newest that is missing decides: the number is no limit of it. */
const NEWEST = 100;

/** Checks of one backup that are looked at. */
const CHECKS = 20;

export function fromHistory(
  history: Pick<History, 'list' | 'get' | 'ofBackup'>,
  clusterUid: string
): FromHistory {
  const backupsOf = ({ namespace, name }: ClaimName, limit: number) =>
    history
      .list({ namespace, name, limit })
      .backups.filter(run => run.clusterUid === null || run.clusterUid === clusterUid);
  return {
    expected: claim =>
      backupsOf(claim, NEWEST).flatMap(({ id, createdAt, copies, stages }) => {
        const destinations = copies
          .filter(({ state }) => state === 'present' || state === 'missing')
          .filter(({ provenAt }) => provenAt !== null)
          .map(({ destination }) => destination);
        // A run that was rebuilt from its manifest has no times of its stages.
        const isRecorded = stages.length > 0;
        return destinations.length > 0 ? [{ backup: id, createdAt, destinations, isRecorded }] : [];
      }),
    newestEnd: claim =>
      Math.max(0, ...backupsOf(claim, 5).map(({ endedAt }) => Date.parse(endedAt ?? '') || 0)),
    claimOf(backup) {
      const run = history.get(backup);
      return run?.kind === 'backup' ? { namespace: run.namespace, name: run.name } : undefined;
    },
    isAt: (backup, destination, key) =>
      history
        .get(backup)
        ?.copies.some(
          copy => copy.destination === destination && copy.key === key && copy.state === 'present'
        ) ?? false,
    faultOf(backup, destination) {
      const check = history
        .ofBackup(backup, CHECKS)
        .find(
          ({ kind, status }) =>
            (kind === 'verify' || kind === 'drill') && (status === 'success' || status === 'failed')
        );
      if (check?.status !== 'failed' || !BAD_ARCHIVE_REASONS.has(check.reason ?? ''))
        return undefined;
      const copy = history.get(backup)?.copies.find(each => each.destination === destination);
      // A verification reads every copy: this one may be as it should be.
      const isSound = (copy?.verifiedAt ?? '') >= check.createdAt;
      return isSound ? undefined : `the last check of it has failed: ${check.message}`;
    },
    wasRestored: backup => (history.get(backup)?.provenRestorableAt ?? null) !== null,
  };
}
