import type { RetentionHold } from '../../../../api/index.ts';
import { ACCEPT_CHANGE_ANNOTATION } from '../../../../api/index.ts';

/** A good archive of a line of a volume. */
export interface MeasuredArchive {
  /** Id of the run: time-ordered. */
  run: string;
  bytes: number | null;
  entries: number | null;
  /** Nearly all of its data was new when it was compared with the archive before it. */
  isNearlyAllNew: boolean;
}

/** A backup with less than this part of the bytes or entries of the one before it has shrunk a lot. */
const SHRUNK_TO = 0.5;
/** Smaller archives shrink a lot without any meaning. */
const MIN_BYTES = 64 * 1024;
const MIN_ENTRIES = 10;

/**
 * Looks for a backup that differs so much from the ones before that these may be the last with the data. It stands until a
 * person names it, or a later one, in the annotation `nkvm.io/accept-change`; a volume that shrank and has grown again needs
 * nobody.
 *
 * @param archives good ones, oldest first
 * @param accepted id in the annotation
 */
export function anomalyHold(
  archives: readonly MeasuredArchive[],
  accepted: string | null
): RetentionHold | null {
  const newest = archives.at(-1);
  if (!newest) return null;
  for (let at = archives.length - 1; at >= 1; at--) {
    const [one, before] = [archives[at], archives[at - 1]];
    if (!one || !before) continue;
    if (accepted !== null && one.run <= accepted) return null;
    if (one.isNearlyAllNew)
      return anomaly(one.run, `nearly all data in backup ${one.run} is new or changed`);
    // The backups around the accepted one may be gone by now: the change between these two is the one that was accepted.
    if (accepted !== null && before.run < accepted) return null;
    const shrunk = shrinkOf(before, one);
    if (shrunk && shrinkOf(before, newest)) return anomaly(one.run, shrunk);
  }
  return null;
}

/** @returns the sentence on an archive that has shrunk; undefined when it has not */
function shrinkOf(before: MeasuredArchive, { run, bytes, entries }: MeasuredArchive) {
  if (isMuchLess(bytes, before.bytes, MIN_BYTES))
    return `backup ${run} has ${bytes} bytes, and the one before it has ${before.bytes}`;
  if (isMuchLess(entries, before.entries, MIN_ENTRIES))
    return `backup ${run} has ${entries} entries, and the one before it has ${before.entries}`;
  return undefined;
}

const isMuchLess = (now: number | null, before: number | null, min: number): boolean =>
  now !== null && before !== null && before >= min && now < before * SHRUNK_TO;

const anomaly = (run: string, message: string): RetentionHold => ({
  kind: 'anomaly',
  message: `${message}; older archives are kept`,
  hint: `check the volume; to accept the change, set the annotation ${ACCEPT_CHANGE_ANNOTATION}: ${run} on the claim`,
});
