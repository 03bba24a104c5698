import type { SqlJsStatic } from 'sql.js';
import initSqlJs from 'sql.js';

let loading: Promise<SqlJsStatic> | undefined;

/** Loads SQLite once a process. sql.js takes its `sql-wasm.wasm` from beside the script that it is part of. */
export const loadSqlite = (): Promise<SqlJsStatic> => (loading ??= initSqlJs());
