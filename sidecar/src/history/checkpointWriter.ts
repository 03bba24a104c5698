import { copiesOf, isCopyDue, keepCopy } from './copies.ts';
import type { Journal } from './journal.ts';
import type { Notice } from './notice.ts';
import { copyNotKept } from './notice.ts';
import type { RunTable } from './table.ts';
import type { FileCalls } from './wholeFile.ts';
import { letGo, replaceFile } from './wholeFile.ts';

export interface CheckpointParts {
  path: string;
  table: RunTable;
  journal: Journal;
  now: () => Date;
  files: FileCalls;
  onNotice: (notice: Notice) => void;
}

/**
 * @returns what writes the whole table to the history file, and once a day to a copy beside it; then the journal needs
 *   only what came meanwhile. It throws what a failed system call threw: the old file and all of the journal stay.
 */
export function checkpointWriter(parts: CheckpointParts): () => Promise<void> {
  const { path, table, journal, now, files, onNotice } = parts;

  async function keepDailyCopy(bytes: Uint8Array): Promise<void> {
    try {
      if (isCopyDue(await copiesOf(path), now())) await keepCopy(path, bytes, now(), files);
    } catch (error) {
      onNotice(copyNotKept(path, error));
    }
  }

  return async () => {
    await journal.rotate();
    const { sequence } = table;
    const bytes = table.export();
    try {
      await replaceFile(path, bytes, files);
      await journal.drop(sequence);
      await keepDailyCopy(bytes);
    } finally {
      letGo(bytes);
    }
  };
}
