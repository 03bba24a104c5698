import type { RetentionHold } from '../../../../api/index.ts';
import { ACCEPT_CHANGE_ANNOTATION } from '../../../../api/index.ts';

/** A good archive of a line of a volume. */
export interface MeasuredArchive {
  /** Id of the run: time-ordered. */
  run: string;
  /** Null: not known, or it is an increment, which is as big as the changes. */
  bytes: number | null;
  /** In the volume. */
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
  for (let at = archives.length - 1; at >= 1; at--) {
    const [one, before] = [archives[at], archives[at - 1]];
    if (!one || !before) continue;
    if (accepted !== null && one.run <= accepted) return null;
    if (one.isNearlyAllNew)
      return anomaly(one.run, `nearly all data in backup ${one.run} is new or changed`);
    // The backups around the accepted one may be gone by now: the change between these two is the one that was accepted.
    if (accepted !== null && before.run < accepted) return null;
    const shrunk = MEASURES.map(measure => shrinkOf(archives, at, measure, accepted)).find(Boolean);
    if (shrunk) return anomaly(one.run, shrunk);
  }
  return null;
}

interface Measure {
  of: 'bytes' | 'entries';
  min: number;
}

const MEASURES: readonly Measure[] = [
  { of: 'bytes', min: MIN_BYTES },
  { of: 'entries', min: MIN_ENTRIES },
];

/**
 * Compares an archive with the one before it whose measure is known, and that one with the newest.
 * @returns the sentence on an archive that has shrunk; undefined when it has not
 */
function shrinkOf(
  archives: readonly MeasuredArchive[],
  at: number,
  { of, min }: Measure,
  accepted: string | null
): string | undefined {
  const isKnown = (each: MeasuredArchive): boolean => each[of] !== null;
  const one = archives[at];
  const before = archives.slice(0, at).findLast(isKnown);
  const newest = archives.findLast(isKnown);
  if (!one || !before || !newest) return undefined;
  if (accepted !== null && before.run < accepted) return undefined;
  const hasShrunk = isMuchLess(one[of], before[of], min) && isMuchLess(newest[of], before[of], min);
  return hasShrunk
    ? `backup ${one.run} has ${one[of]} ${of}, and the one before it has ${before[of]}`
    : undefined;
}

const isMuchLess = (now: number | null, before: number | null, min: number): boolean =>
  now !== null && before !== null && before >= min && now < before * SHRUNK_TO;

const anomaly = (run: string, message: string): RetentionHold => ({
  kind: 'anomaly',
  message: `${message}; older archives are kept`,
  hint: `check the volume; to accept the change, set the annotation ${ACCEPT_CHANGE_ANNOTATION}: ${run} on the claim`,
});
