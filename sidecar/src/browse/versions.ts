import { isSameEntry } from '../archive/index/compare.ts';
import type { OpenArchive } from './openArchive.ts';

/** One archive of a volume, as far as it can be read. */
export type Looked = OpenArchive | 'unknown';

/** A file in one of several archives. */
export interface Version {
  state: 'present' | 'absent' | 'unknown';
  /** The entry; -1 where it is not present. */
  node: number;
  /** It is what it was in the archive before, or absent from both. */
  isSame: boolean;
}

/**
 * @param archives newest first
 * @returns what a path is in each; the last one is compared with nothing
 */
export function versionsOf(path: string, archives: readonly Looked[]): Version[] {
  const found = archives.map(archive => ({
    archive,
    node: archive === 'unknown' ? -1 : archive.index.nodeOf(path),
  }));
  return found.map(({ archive, node }, at) => {
    if (archive === 'unknown') return { state: 'unknown', node: -1, isSame: false };
    const older = found[at + 1];
    const before = older && older.archive !== 'unknown' ? older.archive.index : undefined;
    if (node < 0) return { state: 'absent', node, isSame: before !== undefined && older!.node < 0 };
    const isSame =
      before !== undefined &&
      older!.node >= 0 &&
      isSameEntry(archive.index, node, before, older!.node);
    return { state: 'present', node, isSame };
  });
}
