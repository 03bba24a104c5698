import type { Backup } from '../../api/index.ts';
import { StageError } from '../errors.ts';
import type { History } from '../history/history.ts';

/** @returns the problem that a run found nothing where its claim's backup before holds files. */
export const volumeEmptied = (entries: number): StageError =>
  new StageError(
    'checksum',
    'VolumeEmptied',
    `the volume held no file, and its backup before holds ${entries} entries`,
    'see whether the volume is mounted and its data are there; if it is meant to be empty, back up once more',
    'needs-action'
  );

/**
 * What a run may not find empty: a volume that is not mounted looks like one whose files were deleted. Only the backup
 * before tells: used bytes of a file system are those of the whole disk for many kinds of volumes, and the kubelet's
 * figures need `nodes/proxy`, a right that opens every pod.
 * @returns how many entries the claim's newest proven backup holds; undefined where it holds none, where there is none,
 * or where a person asks again after the refusal.
 */
export function entriesBefore(history: History, run: Backup): number | undefined {
  const { namespace, name, uid } = run;
  const { lastSuccess } = history.ofClaim(uid, namespace, name);
  const entries = lastSuccess && history.get(lastSuccess.id)?.seal?.files;
  if (!entries || entries <= 1) return undefined;
  const newest = history.list({ namespace, name, limit: 2 }).backups;
  const last = newest.find(other => other.id !== run.id && other.uid === uid);
  const isAskedAgain = last?.reason === 'VolumeEmptied' && run.priority !== 'scheduled';
  return isAskedAgain ? undefined : entries;
}
