import type { Copy } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import type { RunRecord } from '../../history/history.ts';

/**
 * @returns the copies of a backup that can be checked: also one that was missing, because it may be back, but none that was
 *   never there.
 * @throws StageError (`BackupHasNoArchive`) when there is none
 */
export function checkedCopies({ id, status, copies }: RunRecord): Copy[] {
  const there = copies.filter(({ state }) => state === 'present' || state === 'missing');
  if (there.length > 0) return there;
  throw new StageError(
    'queue',
    'BackupHasNoArchive',
    `backup ${id} has no archive: ${
      status === 'success' ? 'it was deleted' : `its status is ${status}`
    }`,
    'check a backup that has succeeded',
    'needs-action'
  );
}
