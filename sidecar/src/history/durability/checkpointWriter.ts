import { copiesOf, isCopyDue, keepCopy } from '../queries/copies.ts';
import type { RunTable } from '../schema/table.ts';
import type { Journal } from './journal.ts';
import type { Notice } from './notice.ts';
import { copyNotKept } from './notice.ts';
import type { Reserve } from './reserve.ts';
import type { FileCalls } from './wholeFile.ts';
import { letGo, replaceFile } from './wholeFile.ts';

export interface CheckpointParts {
  path: string;
  table: RunTable;
  /** @returns undefined while nothing can be written */
  journal: () => Journal | undefined;
  reserve: Reserve;
  now: () => Date;
  files: FileCalls;
  onNotice: (notice: Notice) => void;
}

/**
 * @returns a function that writes all tables to the history file, and once a day to a copy beside it; then the journal
 *   needs only what has changed since. It throws what a failed system call threw: the old file and all of the journal
 *   stay.
 */
export function checkpointWriter(parts: CheckpointParts): () => Promise<void> {
  const { path, table, reserve, now, files, onNotice } = parts;

  async function keepDailyCopy(bytes: Uint8Array): Promise<void> {
    try {
      if (isCopyDue(await copiesOf(path), now())) await keepCopy(path, bytes, now(), files);
    } catch (error) {
      onNotice(copyNotKept(path, error));
    }
  }

  return async () => {
    const journal = parts.journal();
    if (!journal) return;
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
    await reserve.fill();
  };
}
