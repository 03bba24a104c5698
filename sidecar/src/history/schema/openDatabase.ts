import * as fs from 'node:fs/promises';
import { setImmediate as otherWork } from 'node:timers/promises';
import type { Database } from 'sql.js';
import { StageError, textOf } from '../../errors.ts';
import { codeOf } from '../../files.ts';
import { journalState } from '../durability/journalState.ts';
import { copiesOf } from '../queries/copies.ts';
import { isOurs, readableFrom, SCHEMA_VERSION, schemaVersion } from './schema.ts';
import { loadSqlite } from './sqlite.ts';

/** A database in memory, and where it came from. */
export interface OpenedDatabase {
  db: Database;
  /** `copy`: the newest complete copy of an earlier time; `nothing`: it is empty. */
  from: 'file' | 'copy' | 'nothing';
  /** The file that it was read from. */
  path: string;
  /** Why the history file could not be used. */
  fault?: string | undefined;
}

/**
 * Reads a history file into memory, or the newest of its copies when it is missing, damaged or not ours. Writes nothing.
 * @throws StageError `HistoryTooNew`; or what a failed system call threw: a file that cannot be read is not damaged
 */
export async function openDatabase(path: string): Promise<OpenedDatabase> {
  const { db, fault } = await read(path);
  if (db) return { db, from: 'file', path };
  const copy = await newestCopy(path);
  if (copy) return { ...copy, from: 'copy', fault };
  return { ...(await emptyDatabase(path)), fault };
}

export const emptyDatabase = async (path: string): Promise<OpenedDatabase> => ({
  db: await newDatabase(),
  from: 'nothing',
  path,
});

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

/** @returns the complete database, or why it is not one; neither when there is no file. */
async function read(path: string): Promise<{ db?: Database; fault?: string }> {
  const bytes = await fs.readFile(path).catch(error => {
    if (codeOf(error) !== 'ENOENT') throw error;
    return undefined;
  });
  if (!bytes) return {};
  const db = await newDatabase(bytes);
  await otherWork(); // each step of loading a long history takes long
  const fault = faultOf(db);
  await otherWork();
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

/** @returns why this is not a complete history file. */
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
  if (version <= SCHEMA_VERSION || readableFrom(db) <= SCHEMA_VERSION) return;
  throw new StageError(
    'queue',
    'HistoryTooNew',
    `history file ${path} has schema version ${version}; this NKVM knows up to ${SCHEMA_VERSION}`,
    'run the NKVM that wrote it or a later one',
    'needs-action'
  );
}
