import type { Database, SqlValue, Statement } from 'sql.js';

/** @returns a statement that adds a row or replaces these columns of it; it takes the values in their order. */
export const preparePut = (db: Database, columns: readonly string[]): Statement =>
  db.prepare(
    `INSERT INTO backup_history (${columns.join(', ')}) VALUES (${columns
      .map(() => '?')
      .join(', ')}) ` +
      `ON CONFLICT (id) DO UPDATE SET ${columns
        .map(column => `${column} = excluded.${column}`)
        .join(', ')}`
  );

/** Puts rows that may lack columns which came later, as an older version wrote them. */
export function putRows(db: Database, rows: readonly Record<string, SqlValue>[]): void {
  const statements = new Map<string, Statement>();
  try {
    for (const row of rows) {
      const columns = Object.keys(row);
      const put = statements.get(columns.join()) ?? preparePut(db, columns);
      statements.set(columns.join(), put);
      put.run(Object.values(row));
    }
  } finally {
    for (const put of statements.values()) put.free();
  }
}

/** Does it wholly or not at all. */
export function inTransaction(db: Database, work: () => void): void {
  db.exec('BEGIN');
  try {
    work();
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}
