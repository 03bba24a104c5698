import type { Backup, Copy, DestinationList } from '../../../sidecar/api';

type Copied = Pick<Backup, 'status' | 'copies'>;

/** @returns the destinations where an archive is proven to be. */
export const presentAt = ({ copies }: Pick<Backup, 'copies'>): string[] =>
  copies.filter(({ state }) => state === 'present').map(({ destination }) => destination);

/** What was deleted has been there. */
const isAbsent = ({ state }: Copy): boolean => state !== 'present' && state !== 'deleted';

/**
 * @returns the destinations at which a backup that can be restored is missing, though it is a success only with them; none
 *   of a run that goes on, or that has left nothing.
 */
export function missingAt({ status, copies }: Copied): string[] {
  if (status !== 'failed' || !copies.some(({ state }) => state === 'present')) return [];
  return copies
    .filter(copy => copy.isRequired && isAbsent(copy))
    .map(({ destination }) => destination);
}

/** Whether a run has left something good, and not everywhere where it should be. */
export const isIncomplete = (backup: Copied): boolean =>
  backup.status === 'failed' && presentAt(backup).length > 0;

/** @returns the names of where the archive of a backup could be copied to. */
export const copyTargets = (
  { copies }: Pick<Backup, 'copies'>,
  { destinations }: DestinationList
): DestinationList['destinations'] => {
  const taken = presentAt({ copies });
  return destinations.filter(({ name }) => !taken.includes(name));
};
