import type { Database, SqlValue, Statement } from 'sql.js';
import { z } from 'zod';

/** One change of one table. A record of the journal is a list of them, and a checkpoint holds what they lead to. */
export type Entry =
  /** Adds a row, or replaces these columns of the row with the same key. */
  | { table: string; row: Row }
  /** Deletes the rows that have these values. */
  | { table: string; delete: Row };

/** Values by column. */
export type Row = Record<string, SqlValue>;

/** The columns that tell a row of a table from any other. */
const KEYS: Record<string, readonly string[]> = {
  runs: ['id'],
  destinations: ['id'],
  copies: ['run_id', 'destination_id'],
  /** The only table of journals of format 1. */
  backup_history: ['id'],
};

const Name = z.string().regex(/^\w+$/);
const StoredRow = z.record(Name, z.union([z.string(), z.number(), z.null()]));
const StoredEntries = z.array(
  z.union([
    z.object({ table: Name, row: StoredRow }),
    z.object({ table: Name, delete: StoredRow }),
    // Records of journals of format 1 are rows of the only table that there was.
    StoredRow.transform(row => ({ table: 'backup_history', row })),
  ])
);

/** @param value of a record of a journal @throws Error when it is not a list of entries */
export const readEntries = (value: unknown): Entry[] => StoredEntries.parse(value);

/** Makes the changes that entries describe. It keeps its statements, so there is one for each database. */
export class EntryWriter {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** @throws what SQLite throws; call it in a transaction. */
  write(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if ('row' in entry) this.#run(entry.table, entry.row, upsert);
      else this.#run(entry.table, entry.delete, deletion);
    }
  }

  /**
   * Makes the changes that this version knows: tables and columns that a later version has added are left out.
   * @throws what SQLite throws; call it in a transaction.
   */
  writeKnown(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const columns = this.#columnsOf(entry.table);
      if (columns.size === 0) continue;
      const known = (row: Row): Row =>
        Object.fromEntries(Object.entries(row).filter(([column]) => columns.has(column)));
      if ('row' in entry) this.write([{ ...entry, row: known(entry.row) }]);
      else this.write([{ ...entry, delete: known(entry.delete) }]);
    }
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.free();
    this.#statements.clear();
  }

  #run(table: string, row: Row, sql: (table: string, columns: readonly string[]) => string): void {
    const columns = Object.keys(row);
    const text = sql(table, columns);
    const statement = this.#statements.get(text) ?? this.#db.prepare(text);
    this.#statements.set(text, statement);
    statement.run(Object.values(row));
  }

  #columnsOf(table: string): ReadonlySet<string> {
    const rows = this.#db.exec('SELECT name FROM pragma_table_info(?)', [table])[0]?.values ?? [];
    return new Set(rows.map(([name]) => String(name)));
  }
}

function upsert(table: string, columns: readonly string[]): string {
  const key = KEYS[table];
  if (!key) throw new Error(`history has no table ${table}`);
  return (
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ` +
    `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ` +
    columns.map(column => `${column} = excluded.${column}`).join(', ')
  );
}

const deletion = (table: string, columns: readonly string[]): string =>
  `DELETE FROM ${table} WHERE ${columns.map(column => `${column} = ?`).join(' AND ')}`;
