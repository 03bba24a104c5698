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

/** Makes the changes that entries describe, in a database whose schema stays as it is. */
export class EntryWriter {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement>();
  readonly #shapes = new Map<string, Shape>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** @throws what SQLite throws; call it in a transaction. */
  write(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if ('row' in entry) this.#upsert(entry.table, entry.row);
      else this.#delete(entry.table, entry.delete);
    }
  }

  /**
   * Makes the changes that this version knows: tables and columns that a later version has added are left out.
   * @throws what SQLite throws; call it in a transaction.
   */
  writeKnown(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { columns } = this.#shapeOf(entry.table);
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

  #upsert(table: string, row: Row): void {
    const { keys } = this.#shapeOf(table);
    if (keys.length === 0) throw new Error(`history has no table ${table} with a key`);
    const columns = Object.keys(row);
    this.#run(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns
        .map(() => '?')
        .join(', ')}) ` +
        `ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ` +
        columns.map(column => `${column} = excluded.${column}`).join(', '),
      row
    );
  }

  #delete(table: string, row: Row): void {
    const conditions = Object.keys(row).map(column => `${column} = ?`);
    this.#run(`DELETE FROM ${table} WHERE ${conditions.join(' AND ')}`, row);
  }

  #run(sql: string, row: Row): void {
    const statement = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    statement.run(Object.values(row));
  }

  #shapeOf(table: string): Shape {
    const known = this.#shapes.get(table);
    if (known) return known;
    const rows =
      this.#db.exec('SELECT name, pk FROM pragma_table_info(?)', [table])[0]?.values ?? [];
    const shape = {
      columns: new Set(rows.map(([name]) => String(name))),
      keys: rows.filter(([, pk]) => Number(pk) > 0).map(([name]) => String(name)),
    };
    this.#shapes.set(table, shape);
    return shape;
  }
}

interface Shape {
  columns: ReadonlySet<string>;
  /** The columns that tell a row from any other; none for a view, or where there is no such table. */
  keys: readonly string[];
}
