import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncDirectory } from '../files.ts';
import { keepCopy } from './copies.ts';
import { Journal } from './journal.ts';
import { JOURNAL_FORMAT, journalFiles, journalPath } from './journalFiles.ts';
import { journalState } from './journalState.ts';
import type { Notice } from './notice.ts';
import { noticesOfStart } from './notice.ts';
import { openDatabase } from './openDatabase.ts';
import { replay } from './replay.ts';
import { migrate, SCHEMA_VERSION, schemaVersion } from './schema.ts';
import { setAside } from './setAside.ts';
import { RunTable } from './table.ts';
import type { FileCalls } from './wholeFile.ts';
import { letGo, replaceFile, temporaryOf } from './wholeFile.ts';

/** A history as it was found: the table holds all of it, the file too, and the journal is empty. */
export interface LoadedHistory {
  table: RunTable;
  journal: Journal;
  notices: Notice[];
}

/**
 * Puts together what an earlier process left at `path`, however it ended.
 * @throws StageError `HistoryTooNew`, or what a failed system call threw
 */
export async function loadHistory(
  path: string,
  now: () => Date,
  files: FileCalls
): Promise<LoadedHistory> {
  await removeTemporaries(path);
  const opened = await openDatabase(path, now);
  const { db, from } = opened;
  // What is in memory alone needs no rollback journal on a disk that does not exist.
  db.exec('PRAGMA journal_mode = MEMORY');
  const found = await journalFiles(path);
  const replayed = await replay(db, found, from === 'nothing');

  if (from !== 'nothing' && schemaVersion(db) < SCHEMA_VERSION) {
    await keepCopy(path, db.export(), now(), files);
  }
  const isMigrated = migrate(db);
  const table = new RunTable(db);
  if (isMigrated || from !== 'file' || replayed.records > 0) {
    const bytes = table.export();
    await replaceFile(path, bytes, files);
    letGo(bytes);
  }

  // Only now: until here, the old files of the journal were needed.
  const aside: string[] = [];
  for (const file of [...replayed.damaged, ...replayed.foreign]) {
    aside.push(await setAside(file, now()));
  }
  const history = journalState(db)?.history ?? '';
  const header = { format: JOURNAL_FORMAT, history, schema: SCHEMA_VERSION };
  const next = table.sequence + 1;
  const journal = await Journal.begin({ path, header, next, files });
  for (const old of found) {
    if (old.path !== journalPath(path, next)) await fs.rm(old.path, { force: true });
  }
  await syncDirectory(dirname(path));
  return { table, journal, notices: noticesOfStart(path, opened, replayed, aside) };
}

/** Takes away what writes that were cut off have left. */
async function removeTemporaries(path: string): Promise<void> {
  const dir = dirname(path);
  for (const name of await fs.readdir(dir)) {
    const isOurs = name === basename(path) || name.startsWith(`${basename(path)}.`);
    if (isOurs && name.endsWith(temporaryOf(''))) await fs.rm(join(dir, name), { force: true });
  }
}
