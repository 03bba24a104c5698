import * as fs from 'node:fs/promises';
import type { Database } from 'sql.js';
import { StageError, textOf } from '../errors.ts';
import { codeOf } from '../files.ts';
import { copiesOf } from './copies.ts';
import { journalState } from './journalState.ts';
import { isOurs, SCHEMA_VERSION, schemaVersion } from './schema.ts';
import { setAside } from './setAside.ts';
import { loadSqlite } from './sqlite.ts';

/** A database in memory, and where it came from. */
export interface OpenedDatabase {
  db: Database;
  /** `copy`: the newest whole copy of an earlier time; `nothing`: it is empty. */
  from: 'file' | 'copy' | 'nothing';
  /** The path that `from` tells of. */
  path: string;
  /** Why the file was not taken, and where it is now. */
  aside?: { fault: string; path: string };
}

/**
 * Reads a history file into memory. One that is damaged or not ours is set aside, never deleted; the newest of its
 * copies takes its place.
 * @throws StageError `HistoryTooNew`; or what a failed system call threw: a file that cannot be read is not damaged
 */
export async function openDatabase(path: string, now: () => Date): Promise<OpenedDatabase> {
  const file = await read(path);
  if (file.db) return { db: file.db, from: 'file', path };
  const { fault } = file;
  const aside = fault === undefined ? undefined : { fault, path: await setAside(path, now()) };
  const copy = await newestCopy(path);
  if (copy) return { ...copy, from: 'copy', aside };
  return { db: await newDatabase(), from: 'nothing', path, aside };
}

/** The greatest sequence counts, not the date: a clock may have been wrong. */
async function newestCopy(path: string): Promise<{ db: Database; path: string } | undefined> {
  let newest: { db: Database; path: string; sequence: number } | undefined;
  for (const copy of await copiesOf(path)) {
    const { db } = await read(copy);
    const sequence = (db && journalState(db)?.sequence) ?? 0;
    if (!db) continue;
    if (newest && newest.sequence >= sequence) {
      db.close();
      continue;
    }
    newest?.db.close();
    newest = { db, path: copy, sequence };
  }
  return newest;
}

/** @returns the whole database, or why it is none; neither when there is no file. */
async function read(path: string): Promise<{ db?: Database; fault?: string }> {
  const bytes = await fs.readFile(path).catch(error => {
    if (codeOf(error) !== 'ENOENT') throw error;
    return undefined;
  });
  if (!bytes) return {};
  const db = await newDatabase(bytes);
  const fault = faultOf(db);
  if (fault === undefined) {
    refuseNewer(path, db);
    return { db };
  }
  db.close();
  return { fault };
}

async function newDatabase(bytes?: Uint8Array): Promise<Database> {
  const { Database } = await loadSqlite();
  return new Database(bytes);
}

/** @returns why this is no whole history file. */
function faultOf(db: Database): string | undefined {
  try {
    if (!isOurs(db)) return 'it is not a history of NKVM';
    const [first] = db.exec('PRAGMA integrity_check(1)')[0]?.values[0] ?? [];
    return first === 'ok' ? undefined : String(first);
  } catch (error) {
    return textOf(error);
  }
}

function refuseNewer(path: string, db: Database): void {
  const version = schemaVersion(db);
  if (version <= SCHEMA_VERSION) return;
  throw new StageError(
    'queue',
    'HistoryTooNew',
    `history file ${path} has schema version ${version}; this NKVM knows up to ${SCHEMA_VERSION}`,
    'run the NKVM that wrote it or a later one',
    'needs-action'
  );
}
