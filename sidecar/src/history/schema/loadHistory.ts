import * as fs from 'node:fs/promises';
import type { Database } from 'sql.js';
import type { JournalFile } from '../durability/journalFiles.ts';
import { journalFiles } from '../durability/journalFiles.ts';
import type { Replayed } from '../durability/replay.ts';
import { replay } from '../durability/replay.ts';
import type { OpenedDatabase } from './openDatabase.ts';
import { emptyDatabase, openDatabase } from './openDatabase.ts';
import { migrate, SCHEMA_VERSION, schemaVersion } from './schema.ts';

/** A history as it was found, complete in memory. Nothing was written. */
export interface LoadedHistory {
  db: Database;
  opened: OpenedDatabase;
  replayed: Replayed;
  /** The files of the journal that were found. */
  journal: readonly JournalFile[];
  /** The database before its schema was changed, until there is a copy of it. */
  beforeMigration?: Uint8Array | undefined;
  /** The history file lacks something of what is in memory. */
  isFileOld: boolean;
}

/**
 * Reads what an earlier process left at `path`, however it ended.
 * @throws StageError `HistoryTooNew`, or what a failed system call threw
 */
export async function loadHistory(path: string): Promise<LoadedHistory> {
  const opened = await openDatabase(path);
  const { db, from } = opened;
  // A database in memory needs no rollback journal on disk.
  db.exec('PRAGMA journal_mode = MEMORY');
  const version = schemaVersion(db);
  const isOld = from !== 'nothing' && version < SCHEMA_VERSION;
  const journal = await journalFiles(path);
  const replayed = await replay(db, journal, from === 'nothing');
  // When replaying has migrated already, the file as it was is the best copy that there is.
  const beforeMigration = isOld
    ? schemaVersion(db) === version
      ? db.export()
      : await fs.readFile(opened.path)
    : undefined;
  const isMigrated = migrate(db);
  const isShrunk = shrink(db);
  const isFileOld = isMigrated || isShrunk || isOld || from !== 'file' || replayed.records > 0;
  return { db, opened, replayed, journal, beforeMigration, isFileOld };
}

/** @returns a history without runs, for a path where nothing can be yet. */
export async function newHistory(path: string): Promise<LoadedHistory> {
  const opened = await emptyDatabase(path);
  migrate(opened.db);
  const replayed = { records: 0, missing: 0, damaged: [], foreign: [] };
  return { db: opened.db, opened, replayed, journal: [], isFileOld: true };
}

/** Frees the space of runs that are gone, where it is more than half of the file. @returns whether it has */
function shrink(db: Database): boolean {
  const ask = (name: string) => Number(db.exec(`PRAGMA ${name}`)[0]?.values[0]?.[0]);
  if (ask('freelist_count') * 2 <= ask('page_count')) return false;
  db.exec('VACUUM');
  return true;
}
