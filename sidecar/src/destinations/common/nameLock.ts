import { StageError } from '../../errors.ts';

/**
 * How old a lock on a name is when nobody can hold it any more. A lock is held while an archive gets its name, which ends
 * after 15 minutes at the latest (see `wrap/limited.ts`).
 */
export const LOCK_AGE_MS = 30 * 60_000;

/**
 * Whether a lock was left behind, e.g. by a process that was killed. Both times are of the storage, so that its clock may
 * be wrong. The temporary was written before now: the lock is at least as old as the difference.
 *
 * @param lockAt when the lock was made; undefined: not known
 * @param temporaryAt when the file that wants the name was written
 */
export const isLeftLock = (lockAt: Date | undefined, temporaryAt: Date | undefined): boolean =>
  lockAt !== undefined &&
  temporaryAt !== undefined &&
  temporaryAt.getTime() - lockAt.getTime() > LOCK_AGE_MS;

/** @returns the refusal to publish while a lock reserves the name. @param lock for people: where it is */
export const nameLocked = (place: string, lock: string): StageError =>
  new StageError(
    'publish',
    'NameLocked',
    `archive ${place} cannot get its name now: ${lock} reserves it, which another process of this installation has made in the last ${
      LOCK_AGE_MS / 60_000
    } minutes`,
    `nothing to do: NKVM tries again, and deletes a lock that is older; if this happens again, delete ${lock}`,
    'transient'
  );
