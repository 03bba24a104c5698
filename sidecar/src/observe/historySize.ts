import { readdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../files.ts';
import type { History } from '../history/history.ts';

/** Size of the history, and the space left for it. */
export interface HistorySize {
  /** Size of the database file and of what lies beside it under the same name: journal, copies, files set aside. */
  bytes: number;
  rows: number;
  /** Space that is left on its disk for a process without privileges. */
  freeBytes: number;
}

/** @param path of the database file. @throws Error when the disk does not answer. */
export async function sizeOfHistory(
  path: string,
  history: Pick<History, 'count'>
): Promise<HistorySize> {
  const dir = dirname(path);
  const [names, disk] = await Promise.all([readdir(dir), statfs(dir)]);
  const ours = names.filter(name => name.startsWith(basename(path)));
  const sizes = await Promise.all(ours.map(name => sizeOf(join(dir, name))));
  return {
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    rows: history.count(),
    freeBytes: disk.bavail * disk.bsize,
  };
}

/** Temporary files come and go while one looks. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
