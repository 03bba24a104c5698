import {
  RESTORED_FROM_ANNOTATION,
  START_ANNOTATION,
  STARTED_EMPTY_ANNOTATION,
} from '../../api/index.ts';
import type { Claim } from './inventory.ts';

/** Group and kind of `spec.dataSourceRef` of claims that NKVM gives a volume to. */
export const POPULATOR_GROUP = 'nkvm.io';
export const POPULATOR_KIND = 'BackupRestore';

type Populated = Pick<Claim, 'phase' | 'dataSource' | 'policyNotes'>;

/** @returns whether the claim asks NKVM for its volume. */
export const asksForRestore = ({ dataSource }: Pick<Claim, 'dataSource'>): boolean =>
  dataSource?.apiGroup === POPULATOR_GROUP && dataSource.kind === POPULATOR_KIND;

/**
 * Whether the first restore of a claim has no verdict yet. Until it has one, the claim is not backed up, and no archive of
 * it is deleted: a volume that is empty by mistake must not replace the good backups.
 *
 * Annotations of a claim that is not bound do not count: they came with the manifest, e.g. one that was made from the claim
 * before. A provisioner that ignores `dataSourceRef` binds the claim without a verdict; a person then decides with
 * `nkvm.io/start: empty`.
 */
export function isFirstRestoreOpen(claim: Populated): boolean {
  if (!asksForRestore(claim)) return false;
  if (claim.phase !== 'Bound') return true;
  const notes = claim.policyNotes ?? {};
  const hasVerdict =
    notes[RESTORED_FROM_ANNOTATION] !== undefined || notes[STARTED_EMPTY_ANNOTATION] !== undefined;
  return !hasVerdict && notes[START_ANNOTATION] !== 'empty';
}
