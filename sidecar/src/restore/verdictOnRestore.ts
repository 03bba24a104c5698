import type { NotRestored, RestoreComparison, RestoreMode } from '../../api/restores.ts';
import { StageError } from '../errors.ts';

/** Facts about a restore, and the result of the comparison of the volume with the archive. */
export interface RestoreFacts {
  mode: RestoreMode;
  isSelection: boolean;
  comparison: RestoreComparison;
}

/**
 * Whether a restore is a success.
 *
 * | fact | verdict |
 * | --- | --- |
 * | nothing was compared | fails, `NothingRestored` |
 * | an entry is missing or differs | fails, `RestoreDiffers` |
 * | modes new, empty, mirror, everything: the volume has entries that the archive lacks | fails, `VolumeChanged` |
 * | an attribute could not be set, and the file system or the kernel said so | success, with a warning |
 * | everything was restored, and that is nothing but the root of the volume | success, with a warning |
 * | otherwise | success |
 *
 * @returns warnings, without any path. @throws StageError (stage `checksum`) when it must not be called a success.
 */
export function verdictOnRestore({ mode, isSelection, comparison }: RestoreFacts): string[] {
  const { entries, differences, leftOver, notRestored } = comparison;
  if (differences > 0) {
    throw new StageError(
      'checksum',
      'RestoreDiffers',
      `${things(
        differences,
        'entry differs',
        'entries differ'
      )} from the archive after the restore`,
      'see the differences: a pod wrote to the volume, or the storage lost data',
      'unknown'
    );
  }
  if (leftOver > 0 && mode !== 'overwrite' && !isSelection) {
    throw new StageError(
      'checksum',
      'VolumeChanged',
      `the volume holds ${things(leftOver, 'entry', 'entries')} that the archive does not have`,
      'stop the program that writes to the volume, then restore again',
      'needs-action'
    );
  }
  if (entries === 0) {
    throw new StageError(
      'checksum',
      'NothingRestored',
      'no entry of the archive was found in the volume',
      'choose paths that the archive has',
      'needs-action'
    );
  }
  const isEmpty = entries === 1 && comparison.bytes === 0 && !isSelection;
  return [
    ...(isEmpty
      ? ['the archive holds no file: if it should, restore an older backup of the volume']
      : []),
    ...notRestored.map(warningOf),
  ];
}

const KINDS: Record<NotRestored['kind'], string> = {
  owner: 'the owner',
  mode: 'the mode',
  time: 'the time',
  xattr: 'extended attributes',
  acl: 'the ACL',
  selinux: 'the SELinux label',
  capability: 'file capabilities',
  device: 'the device',
  other: 'an attribute',
};

const warningOf = ({ kind, count }: NotRestored): string =>
  `${KINDS[kind]} of ${things(count, 'entry', 'entries')} could not be restored here`;

const things = (count: number, one: string, many: string): string =>
  `${count} ${count === 1 ? one : many}`;
