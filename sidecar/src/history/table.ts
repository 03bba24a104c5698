import type { Database, SqlValue, Statement } from 'sql.js';
import type { BackupQuery } from '../../api/index.ts';
import type { ClaimOf } from './claimHeads.ts';
import { summaryOf } from './claimHeads.ts';
import { readCursor, writeCursor } from './cursor.ts';
import type { ClaimHistory } from './history.ts';
import { journalState, setSequence } from './journalState.ts';
import { inTransaction, preparePut } from './putRow.ts';
import type { Row, Run } from './row.ts';
import { COLUMNS, fromRow, toRow } from './row.ts';

const ALL = `SELECT ${COLUMNS.join(', ')} FROM backup_history`;
const OF_CLAIM = 'pvc_uid = ? AND namespace = ? AND pvc_name = ?';
const NEWEST_FIRST = 'ORDER BY created_at DESC, id DESC';

/** One page of runs, and where the next begins. */
export interface Page {
  runs: Run[];
  nextCursor: string | null;
}

/** The table of runs in memory: the only SQL. It knows nothing of files. */
export class RunTable {
  readonly #db: Database;
  readonly #get: Statement;
  readonly #put: Statement;

  constructor(db: Database) {
    this.#db = db;
    this.#get = db.prepare(`${ALL} WHERE id = ?`);
    this.#put = preparePut(db, COLUMNS);
  }

  get(id: string): Run | undefined {
    const [run] = this.#rows(this.#get, [id]);
    return run;
  }

  /** Writes rows, all or none. @param sequence the record of the journal that holds them, if one does */
  change(runs: readonly Run[], sequence?: number): void {
    inTransaction(this.#db, () => {
      this.#putAll(runs);
      if (sequence !== undefined) setSequence(this.#db, sequence);
    });
  }

  /** @throws what `change` would throw; changes nothing. */
  rehearse(runs: readonly Run[]): void {
    this.#db.exec('BEGIN');
    try {
      this.#putAll(runs);
    } finally {
      this.#db.exec('ROLLBACK');
    }
  }

  /** The last record of the journal that is in the table. */
  get sequence(): number {
    return journalState(this.#db)?.sequence ?? 0;
  }

  /** @returns the greatest id; `undefined` when there is no run. */
  greatestId(): string | undefined {
    const [id] = this.#db.exec('SELECT max(id) FROM backup_history')[0]?.values[0] ?? [];
    return typeof id === 'string' ? id : undefined;
  }

  /**
   * @param query filters, `limit` and `cursor`; newest first
   * @param mayRead leaves out runs, which do not count towards `limit`
   * @throws StageError (reason `BadCursor`)
   */
  page(query: BackupQuery, mayRead: (namespace: string, name: string) => boolean): Page {
    const { where, values } = conditionsOf(query);
    // Narrow at first: somebody with few rights may skip most of a long history.
    const found = this.#db.prepare(
      `SELECT id, namespace, pvc_name FROM backup_history ${where} ${NEWEST_FIRST}`,
      values
    );
    const runs: Run[] = [];
    try {
      while (found.step()) {
        const [id, namespace, name] = found.get();
        if (!mayRead(String(namespace), String(name))) continue;
        const last = runs.at(-1);
        if (last && runs.length === query.limit) return { runs, nextCursor: writeCursor(last) };
        const run = this.get(String(id));
        if (run) runs.push(run);
      }
      return { runs, nextCursor: null };
    } finally {
      found.free();
    }
  }

  /** @returns runs that have not ended, oldest first. */
  unfinished(): Run[] {
    return this.#query(`${ALL} WHERE status IN ('queued', 'running') ORDER BY created_at, id`);
  }

  /** @returns the newest and the newest proven run of one claim. */
  headsOf({ uid, namespace, name }: ClaimOf): ClaimHistory {
    const newest = (where: string) => {
      const [run] = this.#query(`${ALL} WHERE ${where} ${NEWEST_FIRST} LIMIT 1`, [
        uid,
        namespace,
        name,
      ]);
      return run ? summaryOf(run) : null;
    };
    return {
      lastBackup: newest(OF_CLAIM),
      lastSuccess: newest(`${OF_CLAIM} AND status = 'success'`),
    };
  }

  /** @returns the newest run, and the newest proven run, of every claim. */
  newestOfAll(): Run[] {
    // SQLite takes a bare column from the row that has the maximum.
    const newest = (where: string) =>
      this.#db.exec(
        `SELECT id, max(created_at || id) FROM backup_history ${where} GROUP BY pvc_uid, namespace, pvc_name`
      )[0]?.values ?? [];
    return [...newest(''), ...newest(`WHERE status = 'success'`)]
      .map(([id]) => this.get(String(id)))
      .filter(run => run !== undefined);
  }

  /** @returns how many runs there are. */
  count(): number {
    return Number(this.#db.exec('SELECT count(*) FROM backup_history')[0]?.values[0]?.[0]);
  }

  /** @returns a database file that holds all of it. */
  export(): Uint8Array {
    return this.#db.export();
  }

  close(): void {
    this.#db.close();
  }

  #putAll(runs: readonly Run[]): void {
    for (const run of runs) {
      const row = toRow(run);
      this.#put.run(COLUMNS.map(column => row[column]));
    }
  }

  #query(sql: string, values: SqlValue[] = []): Run[] {
    const statement = this.#db.prepare(sql);
    try {
      return this.#rows(statement, values);
    } finally {
      statement.free();
    }
  }

  #rows(statement: Statement, values: SqlValue[]): Run[] {
    const runs: Run[] = [];
    try {
      statement.bind(values);
      while (statement.step()) runs.push(fromRow(statement.getAsObject() as Row));
      return runs;
    } finally {
      statement.reset();
    }
  }
}

function conditionsOf({ namespace, name, status, cursor }: BackupQuery) {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  const add = (condition: string, ...bound: SqlValue[]) => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (namespace !== undefined) add('namespace = ?', namespace);
  if (name !== undefined) add('pvc_name = ?', name);
  if (status !== undefined) add('status = ?', status);
  if (cursor !== undefined) {
    const { createdAt, id } = readCursor(cursor);
    add('(created_at, id) < (?, ?)', createdAt, id);
  }
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', values };
}
