import type { Records } from './records.ts';
import { NONE } from './records.ts';
import { LOST_AND_FOUND, type Target } from './target.ts';

/** The result for the entries that only the volume has. */
export interface LeftOver {
  deleted: number;
  /** Directories of the archive from which something was deleted: their times have changed. */
  changed: string[];
  errors: string[];
}

const MOST_ERRORS = 1000;

/**
 * Deletes everything that the archive does not have: never `lost+found`, never another file system that is mounted in the
 * volume, nor what is in it.
 */
export function deleteLeftOver(target: Target, records: Records): LeftOver {
  const done: LeftOver = { deleted: 0, changed: [], errors: [] };
  const clean = (directory: string): void => {
    let hasChanged = false;
    for (const { path, isDirectory } of target.entries(directory)) {
      if (path === LOST_AND_FOUND || target.isMount(path)) continue;
      const isKnown = records.find(path) !== NONE;
      if (!isKnown && !target.leadsToMount(path)) {
        try {
          done.deleted += target.remove(path, isDirectory);
        } catch (error) {
          if (done.errors.length >= MOST_ERRORS) throw error;
          done.errors.push((error as Error).message);
        }
        hasChanged = true;
      } else if (isDirectory) clean(path);
    }
    if (hasChanged) done.changed.push(directory);
  };
  clean('');
  return done;
}

/** Calls `onEntry` for each entry that only the volume has. */
export function findLeftOver(
  target: Target,
  records: Records,
  onEntry: (path: string) => void
): void {
  const look = (directory: string): void => {
    for (const { path, isDirectory } of target.entries(directory)) {
      if (path === LOST_AND_FOUND && records.find(path) === NONE) continue;
      if (records.find(path) === NONE) onEntry(path);
      if (isDirectory) look(path);
    }
  };
  look('');
}
