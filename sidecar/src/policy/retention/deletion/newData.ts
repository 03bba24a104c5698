import type { ArchiveIndex } from '../../../archive/index/archiveIndex.ts';
import { ADDED, compareIndexes } from '../../../archive/index/compare.ts';
import { DIRECTORY } from '../../../archive/index/entry.ts';
import type { Archives } from '../../../browse/archives.ts';

/** The warning on a backup whose data is nearly all new; retention looks for it. */
export const NEARLY_ALL_NEW =
  'nearly all entries are new or changed since the backup before; retention keeps the older archives until a person accepts the change';

/** Fewer entries say nothing: a database has a few files, and all of them change. */
const MIN_ENTRIES = 20;
/** Indexes of more entries are not compared: it would take seconds and much memory. */
const MAX_ENTRIES = 500_000;
const NEW_SHARE = 0.9;
/** A volume of which so much was new the time before is always like that. */
const USUAL_SHARE = 0.5;

/** An archive whose index is compared. */
export interface ComparedArchive {
  run: string;
  destination: string;
  key: string;
  entries: number | null;
}

/**
 * Compares the indexes of the newest archives of a volume. After ransomware, or a restore of the wrong data, nearly every
 * entry has another time or size, which is not usual for the volume.
 *
 * @param newest newest first; three at most are looked at
 * @returns undefined where that cannot be said: an index is missing or too big, or there are too few archives or entries
 */
export async function isNearlyAllNew(
  newest: readonly ComparedArchive[],
  archives: Pick<Archives, 'ref' | 'openQuickly'>,
  signal: AbortSignal
): Promise<boolean | undefined> {
  const [one, before, earlier] = newest;
  if (!one || !before) return undefined;
  const fits = ({ entries }: ComparedArchive) =>
    entries !== null && entries >= MIN_ENTRIES && entries <= MAX_ENTRIES;
  if (!fits(one) || !fits(before)) return undefined;
  const open = async ({ destination, key }: ComparedArchive) => {
    const ref = await archives.ref({ destination, key }, signal);
    return (await archives.openQuickly(ref, signal))?.index;
  };
  const [last, previous] = [await open(one), await open(before)];
  if (!last || !previous) return undefined;
  if ((await newShare(last, previous)) < NEW_SHARE) return false;
  // It is nearly all new. Whether that is usual says the comparison before.
  if (!earlier || !fits(earlier)) return true;
  const first = await open(earlier);
  if (!first) return true;
  return (await newShare(previous, first)) < USUAL_SHARE;
}

/** @returns which part of the files of the earlier archive is not the same in the later one, 0 to 1. */
async function newShare(later: ArchiveIndex, earlier: ArchiveIndex): Promise<number> {
  const root = { later: 0, earlier: 0 };
  const { same, kinds, before } = await compareIndexes(later, earlier, root);
  const { type } = earlier.columns;
  // Directories stay as they are when all that is in them changes.
  let directories = type.subarray(1, earlier.nodes).filter(each => each === DIRECTORY).length;
  let different = 0;
  kinds.forEach((kind, at) => {
    if (kind === ADDED) return;
    if (type[before[at] ?? 0] === DIRECTORY) directories -= 1;
    else different += 1;
  });
  const files = different + same - directories;
  return files <= 0 ? 0 : different / files;
}
