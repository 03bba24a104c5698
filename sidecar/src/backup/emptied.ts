import type { Backup } from '../../api/index.ts';
import { StageError } from '../errors.ts';
import type { History } from '../history/history.ts';

/** @returns the problem that a run found nothing where its claim's backup before holds files. */
export const volumeEmptied = (entries: number, leftOut = 0): StageError =>
  new StageError(
    'checksum',
    'VolumeEmptied',
    leftOut > 0
      ? `the volume has no files beside those that are left out (${leftOut}), but its previous backup has ${entries} entries`
      : `the volume has no files, but its previous backup has ${entries} entries`,
    leftOut > 0
      ? 'check nkvm.io/exclude of the claim, and what is mounted in the volume; if it is meant to hold nothing else, send the request again with acceptEmpty'
      : 'check that the volume is mounted and has its data; if it is meant to be empty, send the request again with acceptEmpty',
    'needs-action'
  );

/**
 * Decides whether a run may find its volume empty: one that is not mounted looks like one whose files were deleted. Only
 * the backup before tells them apart: used bytes of a file system are those of the whole disk for many kinds of volumes, and the kubelet's
 * figures need `nodes/proxy`, a right that opens every pod.
 * @returns how many entries the claim's newest proven backup holds; undefined where it holds none, where there is none,
 * or where the request accepts an empty volume. That must be said: a script that asks every night would otherwise turn an
 * emptied volume into a success on the second night.
 */
export function entriesBefore(history: History, run: Backup): number | undefined {
  if (run.acceptEmpty) return undefined;
  const { namespace, name, uid } = run;
  const { lastSuccess } = history.ofClaim(uid, namespace, name);
  const seal = lastSuccess && history.get(lastSuccess.id)?.seal;
  const entries = seal?.entriesInVolume ?? seal?.files;
  return entries && entries > 1 ? entries : undefined;
}
