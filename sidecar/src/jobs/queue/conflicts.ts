import type { RunKind } from '../../../api/index.ts';
import type { Target, VolumeAccess } from '../job.ts';

/** Facts that decide whether two runs may be under way at once. */
export interface OnVolume {
  claim: Target;
  access: VolumeAccess;
  kind: RunKind;
}

/**
 * Whether two runs are of one claim. A claim that does not exist yet, or did not when its restore was asked for, has no
 * UID: then the names count, so that a backup of the new claim waits for the restore that fills it.
 */
export const isSameClaim = (one: Target, other: Target): boolean =>
  one.uid !== '' && other.uid !== ''
    ? one.uid === other.uid
    : one.namespace === other.namespace && one.name === other.name;

/**
 * Two runs of one claim conflict when one of them writes into the volume and the other one uses it, and when they are of
 * the same kind: a second backup would read the whole volume again at the same time. A backup and a verification, which
 * both read, do not.
 */
export function isConflict(one: OnVolume, other: OnVolume): boolean {
  if (!isSameClaim(one.claim, other.claim)) return false;
  if (one.kind === other.kind) return true;
  if (one.access === 'none' || other.access === 'none') return false;
  return one.access === 'write' || other.access === 'write';
}
