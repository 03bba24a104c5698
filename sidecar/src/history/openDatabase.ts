import * as fs from 'node:fs/promises';
import type { Database } from 'sql.js';
import { StageError, textOf } from '../errors.ts';
import { codeOf } from '../files.ts';
import { isOurs, SCHEMA_VERSION, schemaVersion } from './schema.ts';
import { loadSqlite } from './sqlite.ts';

/** Something that whoever runs the service should know, and need not act upon at once. */
export interface Notice {
  /** Stable, for programs. */
  reason: 'HistorySetAside';
  message: string;
  hint: string;
}

/** A database in memory, and where it came from. */
export interface OpenedDatabase {
  db: Database;
  /** The file exists and holds exactly this. */
  isOnDisk: boolean;
  notice?: Notice;
}

/**
 * Reads a history file into memory. One that is damaged or not ours is set aside, never deleted; the history is empty
 * then, and can be filled again from the manifests beside the archives.
 * @throws StageError `HistoryTooNew`; or what a failed system call threw: a file that cannot be read is not damaged
 */
export async function openDatabase(path: string, now: () => Date): Promise<OpenedDatabase> {
  const { Database } = await loadSqlite();
  const bytes = await fs.readFile(path).catch(error => {
    if (codeOf(error) !== 'ENOENT') throw error;
    return undefined;
  });
  if (!bytes) return { db: new Database(), isOnDisk: false };
  const db = new Database(bytes);
  const fault = faultOf(db);
  if (fault) {
    db.close();
    const aside = await setAside(path, now());
    return { db: new Database(), isOnDisk: false, notice: noticeOf(path, aside, fault) };
  }
  refuseNewer(path, db);
  return { db, isOnDisk: true };
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
    'run the NKVM that wrote it or a later one'
  );
}

/** @returns the new name. */
async function setAside(path: string, at: Date): Promise<string> {
  const stamp = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  for (let number = 1; ; number += 1) {
    const aside = `${path}.corrupt-${stamp}${number > 1 ? `-${number}` : ''}`;
    try {
      await fs.access(aside);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      await fs.rename(path, aside);
      return aside;
    }
  }
}

const noticeOf = (path: string, aside: string, fault: string): Notice => ({
  reason: 'HistorySetAside',
  message: `history file ${path} is damaged or not ours (${fault}); it was kept as ${aside}, and the history begins anew`,
  hint: 'archives are not touched; the manifest beside each of them says what it is',
});
