import type { RunKind } from '../../api/index.ts';
import type { VolumeAccess } from './job.ts';

/** What decides whether two runs may be under way at once. */
export interface OnVolume {
  claimUid: string;
  access: VolumeAccess;
  kind: RunKind;
}

/**
 * Two runs of one claim conflict when one of them writes, and when they are of the same kind: a second backup would read
 * the whole volume again at the same time. A backup and a verification, which both read, do not.
 */
export function isConflict(one: OnVolume, other: OnVolume): boolean {
  if (one.claimUid !== other.claimUid) return false;
  return one.access === 'write' || other.access === 'write' || one.kind === other.kind;
}
