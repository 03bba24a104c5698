import type { Records } from './records.ts';
import { NONE } from './records.ts';
import type { Target } from './target.ts';

/** The result for the entries that only the volume has. */
export interface LeftOver {
  deleted: number;
  /** Directories of the archive from which something was deleted: their times have changed. */
  changed: string[];
  errors: string[];
  /** Directories that only the volume has, and that stay because of what is in them. */
  stay: Set<string>;
}

const MOST_ERRORS = 1000;

/**
 * Deletes everything that the archive does not have: never what the backup left out, never a directory of the file system or its
 * server (`lost+found`, `.snapshot`), never another file system that is mounted in the volume, nor what is in it.
 * @param isLeftOut see `wasLeftOut`
 */
export function deleteLeftOver(
  target: Target,
  records: Records,
  isLeftOut: (path: string) => boolean
): LeftOver {
  const done: LeftOver = { deleted: 0, changed: [], errors: [], stay: new Set() };
  /** @returns whether all of it is gone. */
  const remove = (path: string, isDirectory: boolean): boolean => {
    if (isLeftOut(path)) return false;
    if (isDirectory) {
      const stays = target.entries(path).filter(below => !remove(below.path, below.isDirectory));
      if (stays.length > 0) {
        done.stay.add(path);
        return false;
      }
    }
    done.deleted += target.remove(path, isDirectory);
    return true;
  };
  const clean = (directory: string): void => {
    let hasChanged = false;
    for (const { path, isDirectory } of target.entries(directory)) {
      if (target.isReserved(path) || target.isMount(path) || isLeftOut(path)) continue;
      const isKnown = records.find(path) !== NONE;
      if (!isKnown && !target.leadsToMount(path)) {
        try {
          remove(path, isDirectory);
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
  isLeftOut: (path: string) => boolean,
  onEntry: (path: string) => void
): void {
  const look = (directory: string): void => {
    for (const { path, isDirectory } of target.entries(directory)) {
      if (target.isReserved(path) || target.isMount(path) || isLeftOut(path)) continue;
      if (records.find(path) === NONE) onEntry(path);
      if (isDirectory) look(path);
    }
  };
  look('');
}
