import {
  FILLED_FOR_ANNOTATION,
  RESTORED_FROM_ANNOTATION,
  START_ANNOTATION,
  STARTED_EMPTY_ANNOTATION,
} from '../../../api/index.ts';
import type { Claim } from '../inventory/inventory.ts';

/** Group and kind of `spec.dataSourceRef` of claims that NKVM gives a volume to. */
export const POPULATOR_GROUP = 'nkvm.io';
export const POPULATOR_KIND = 'BackupRestore';

type Populated = Pick<Claim, 'uid' | 'phase' | 'dataSource' | 'policyNotes'>;

/** @returns whether the claim asks NKVM for its volume. */
export const asksForRestore = ({ dataSource }: Pick<Claim, 'dataSource'>): boolean =>
  dataSource?.apiGroup === POPULATOR_GROUP && dataSource.kind === POPULATOR_KIND;

/**
 * Whether the first restore of a claim has no verdict yet. Until it has one, the claim is not backed up, and no archive of
 * it is deleted: a volume that is empty by mistake must not replace the good backups.
 *
 * Annotations that came with the manifest, e.g. one that was exported from the claim before, do not count. A provisioner that ignores `dataSourceRef` binds the claim without a verdict; a person then decides with
 * `nkvm.io/start: empty`.
 */
export function isFirstRestoreOpen(claim: Populated): boolean {
  if (!asksForRestore(claim)) return false;
  if (claim.phase !== 'Bound') return true;
  const { restoredFrom, startedEmpty } = verdictOf(claim);
  const hasVerdict = restoredFrom !== undefined || startedEmpty !== undefined;
  return !hasVerdict && claim.policyNotes?.[START_ANNOTATION]?.trim() !== 'empty';
}

/**
 * @returns whether no run backs the claim up by itself, and none of its archives is deleted: its first restore is open, or a restore
 * that a person has started has made it, and has not proven its contents
 */
export const isHeldByRestore = (claim: Populated & Pick<Claim, 'restoreMark'>): boolean =>
  claim.restoreMark !== undefined || isFirstRestoreOpen(claim);

/** @returns the annotations of NKVM on how this very claim got its volume; those of another claim do not count. */
export function verdictOf({ uid, policyNotes = {} }: Pick<Claim, 'uid' | 'policyNotes'>): {
  /** Id of the backup. */
  restoredFrom?: string | undefined;
  startedEmpty?: string | undefined;
} {
  if (policyNotes[FILLED_FOR_ANNOTATION] !== uid) return {};
  return {
    restoredFrom: policyNotes[RESTORED_FROM_ANNOTATION],
    startedEmpty: policyNotes[STARTED_EMPTY_ANNOTATION],
  };
}
