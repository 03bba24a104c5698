import type { Database } from 'sql.js';
import { schemaVersion } from '../schema/schema.ts';

/** The journal of a history file, as the file names it. */
export interface JournalState {
  /** Names the history, in the file and in its journal. */
  history: string;
  /** The last record of the journal that the file holds. */
  sequence: number;
}

/** @returns `undefined` for a file of the time before there were journals. */
export function journalState(db: Database): JournalState | undefined {
  if (schemaVersion(db) < 2) return undefined;
  const [history, sequence] =
    db.exec('SELECT history, sequence FROM history_journal')[0]?.values[0] ?? [];
  return { history: String(history), sequence: Number(sequence) };
}

export const setSequence = (db: Database, sequence: number): void =>
  void db.run('UPDATE history_journal SET sequence = ?', [sequence]);

/** Makes a new file the one that a journal belongs to. */
export const setHistory = (db: Database, history: string): void =>
  void db.run('UPDATE history_journal SET history = ?', [history]);
