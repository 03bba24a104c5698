import type { PlanCheck, RestorePlan, StartRestore } from '../../../sidecar/api';
import type { Translate } from '../../ui/text';

export const failingOf = ({ checks }: RestorePlan): PlanCheck[] =>
  checks.filter(({ state }) => state === 'fails');

/** @returns what a person confirms before a restore that cannot be taken back in part or at all; undefined: nothing. */
export function confirmationOf(
  { files }: RestorePlan,
  { target, safetyBackup, paths }: StartRestore,
  t: Translate
): string | undefined {
  const isUnknown = !files || !files.isComplete;
  // Of a selection nothing is deleted but what is in its way.
  const isSelection = paths !== undefined;
  if (target.mode === 'mirror' && !isSelection) {
    const count = files?.leftOver.count ?? 0;
    if (isUnknown) {
      return count > 0
        ? t('Delete at least {{count}} files that the backup does not have', { count })
        : t('Delete all files that the backup does not have');
    }
    return count > 0
      ? t('Delete {{count}} files that the backup does not have', { count })
      : undefined;
  }
  if ((target.mode === 'overwrite' || target.mode === 'mirror') && !safetyBackup) {
    const count = files?.replaced.count ?? 0;
    if (isUnknown) return t('Replace files without a safety backup');
    return count > 0 ? t('Replace {{count}} files without a safety backup', { count }) : undefined;
  }
  return undefined;
}
