import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Backup, BackupQuery } from '../../api/index.ts';
import { codeOf, syncDirectory } from '../files.ts';
import type { ClaimOf } from './claimHeads.ts';
import { headsAfter, NO_HISTORY } from './claimHeads.ts';
import { DurableTable } from './durableTable.ts';
import { historyError } from './errors.ts';
import type { ClaimHistory, History } from './history.ts';
import type { Notice } from './openDatabase.ts';
import { openDatabase } from './openDatabase.ts';
import type { Run } from './row.ts';
import { changedRun, checkedChange, checkedRun } from './row.ts';
import { migrate } from './schema.ts';
import { loadSqlite } from './sqlite.ts';
import { RunTable } from './table.ts';
import type { FileCalls } from './wholeFile.ts';
import { replaceFile, temporaryOf } from './wholeFile.ts';

export interface HistoryOptions {
  /** Gets what the operator should know; the service logs it. */
  onNotice?: (notice: Notice) => void;
  /** @returns how the archive at a path is restored by hand; shown with every run that has one. */
  restoreCommand?: (archive: string) => string;
  /** How long a note may stay off the disk. */
  noteDelayMs?: number;
  now?: () => Date;
  files?: FileCalls;
}

/**
 * Opens the history at `path`; the file and its directory are made where they are missing.
 * @throws StageError (stage `queue`) when the file can be neither read nor written, or a later NKVM wrote it
 */
export async function openHistory(path: string, options: HistoryOptions = {}): Promise<History> {
  const { onNotice = () => {}, now = () => new Date(), files = fs, noteDelayMs = 1000 } = options;
  const save = (bytes: Uint8Array) => replaceFile(path, bytes, files);
  await loadSqlite(); // here, because its failure is no matter of the file
  try {
    await makeDirectory(dirname(path));
    await fs.rm(temporaryOf(path), { force: true });
    const { db, isOnDisk, notice } = await openDatabase(path, now);
    if (notice) onNotice(notice);
    const isChanged = migrate(db);
    const table = new RunTable(db);
    if (isChanged || !isOnDisk) await save(table.export());
    return historyOf(table, path, { ...options, save, noteDelayMs });
  } catch (error) {
    throw codeOf(error) ? historyError('queue', path, error) : error;
  }
}

/** Makes a directory and those above it, durably. */
async function makeDirectory(dir: string): Promise<void> {
  const first = await fs.mkdir(dir, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = dir; made.length >= first.length; made = dirname(made)) {
    await syncDirectory(dirname(made));
  }
}

interface Parts {
  save: (bytes: Uint8Array) => Promise<void>;
  noteDelayMs: number;
  restoreCommand?: (archive: string) => string;
}

function historyOf(
  table: RunTable,
  path: string,
  { save, noteDelayMs, restoreCommand }: Parts
): History {
  // By claim, because a list of thousands of volumes asks for each of them.
  const heads = new Map<string, ClaimHistory>();
  const keyOf = ({ uid, namespace, name }: ClaimOf) => `${uid}/${namespace}/${name}`;
  const remember = (run: Run) => {
    const key = keyOf(run);
    heads.set(key, headsAfter(heads.get(key) ?? NO_HISTORY, run) ?? table.headsOf(run));
  };
  table.newestOfAll().forEach(remember);

  const durable = new DurableTable(table, {
    save,
    refusal: (stage, error) => historyError(stage, path, error),
    onChange: remember,
    noteDelayMs,
  });

  const backupOf = (run: Run): Backup => ({
    ...run,
    restoreCommand: (run.archive && restoreCommand?.(run.archive)) ?? null,
  });

  return {
    async add(runs) {
      if (runs.length === 0) return;
      await durable.change('queue', rows => {
        const added = runs.map(checkedRun);
        const ids = new Set(added.map(({ id }) => id));
        const known = added.find(({ id }) => rows.get(id) || !ids.delete(id));
        if (known) throw new Error(`run ${known.id} is in the history already`);
        for (const run of added) rows.put(run);
      });
    },

    commit: (id, change) =>
      durable.change('publish', rows => {
        const run = rows.get(id);
        if (!run) throw unknownRun(id);
        rows.put(checkedRun(changedRun(run, change)));
      }),

    note(id, change) {
      if (!durable.note(id, checkedChange(change))) throw unknownRun(id);
    },

    get(id) {
      const run = durable.get(id);
      return run && backupOf(run);
    },

    list(query: BackupQuery, mayRead = () => true) {
      durable.settle();
      const { runs, nextCursor } = table.page(query, mayRead);
      return { backups: runs.map(backupOf), nextCursor };
    },

    ofClaim(uid, namespace, name) {
      durable.settle();
      return heads.get(keyOf({ uid, namespace, name })) ?? NO_HISTORY;
    },

    unfinished() {
      durable.settle();
      return table.unfinished().map(backupOf);
    },

    async close() {
      await durable.flush();
      table.close();
    },
  };
}

const unknownRun = (id: string) => new Error(`run ${id} is not in the history`);
