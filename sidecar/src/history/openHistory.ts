import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Backup, BackupQuery } from '../../api/index.ts';
import { codeOf, syncDirectory } from '../files.ts';
import { Checkpoints } from './checkpoints.ts';
import { checkpointWriter } from './checkpointWriter.ts';
import type { ClaimOf } from './claimHeads.ts';
import { headsAfter, NO_HISTORY } from './claimHeads.ts';
import { DurableTable } from './durableTable.ts';
import { historyError } from './errors.ts';
import type { ChangedRun, ClaimHistory, History } from './history.ts';
import type { LoadedHistory } from './loadHistory.ts';
import { loadHistory } from './loadHistory.ts';
import type { Notice } from './notice.ts';
import { notWritten } from './notice.ts';
import type { Run } from './row.ts';
import { changedRun, checkedChange, checkedRun, toRow } from './row.ts';
import { loadSqlite } from './sqlite.ts';
import type { FileCalls } from './wholeFile.ts';

/** A checkpoint of 10,000 runs takes some 50 ms, and disturbs who inserts meanwhile: rare enough for their p99. */
const CHECKPOINT_SHARE = 0.02;

export interface HistoryOptions {
  /** Gets what the operator should know; the service logs it. */
  onNotice?: (notice: Notice) => void;
  /** @returns how the archive at a path is restored by hand; shown with every run that has one. */
  restoreCommand?: (archive: string) => string;
  /** How long a note may stay off the disk. */
  noteDelayMs?: number;
  /** How soon a change should be in the history file, and how soon a note, where the pace of checkpoints allows it. */
  checkpointDelayMs?: number;
  checkpointNotesDelayMs?: number;
  /** Biggest share of the time that goes into checkpoints, 0 to 1. */
  checkpointShare?: number;
  /** How long after a failed checkpoint it is tried again. */
  checkpointRetryMs?: number;
  now?: () => Date;
  files?: FileCalls;
}

/**
 * Opens the history at `path`; the file and its directory are made where they are missing.
 * @throws StageError (stage `queue`) when the file can be neither read nor written, or a later NKVM wrote it
 */
export async function openHistory(path: string, options: HistoryOptions = {}): Promise<History> {
  const { now = () => new Date(), files = fs, onNotice = () => {} } = options;
  await loadSqlite(); // here, because its failure is no matter of the file
  try {
    await makeDirectory(dirname(path));
    const loaded = await loadHistory(path, now, files);
    loaded.notices.forEach(onNotice);
    return historyOf(loaded, path, { ...options, now, files, onNotice });
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

type Parts = HistoryOptions & Required<Pick<HistoryOptions, 'now' | 'files' | 'onNotice'>>;

function historyOf({ table, journal }: LoadedHistory, path: string, options: Parts): History {
  const {
    noteDelayMs = 1_000,
    checkpointDelayMs = 1_000,
    checkpointNotesDelayMs = 60_000,
  } = options;
  // By claim, because a list of thousands of volumes asks for each of them.
  const heads = new Map<string, ClaimHistory>();
  const namespaces = new Set<string>();
  const keyOf = ({ uid, namespace, name }: ClaimOf) => `${uid}/${namespace}/${name}`;
  const remember = (run: Run) => {
    const key = keyOf(run);
    namespaces.add(run.namespace);
    heads.set(key, headsAfter(heads.get(key) ?? NO_HISTORY, run) ?? table.headsOf(run));
  };
  table.newestOfAll().forEach(remember);
  const listeners = new Set<(run: ChangedRun) => void>();
  const tell = (run: ChangedRun) => listeners.forEach(listener => listener(run));

  const checkpoints = new Checkpoints({
    write: checkpointWriter({ path, table, journal, ...options }),
    pace: {
      share: options.checkpointShare ?? CHECKPOINT_SHARE,
      retryMs: options.checkpointRetryMs ?? 10_000,
    },
    onFailure: error => options.onNotice(notWritten(path, error)),
  });
  const durable = new DurableTable(table, {
    save: async (runs, isProgress) => {
      const sequence = await journal.append(runs.map(toRow));
      checkpoints.within(isProgress ? checkpointNotesDelayMs : checkpointDelayMs);
      return sequence;
    },
    refusal: (stage, error) => historyError(stage, path, error),
    onChange: run => {
      remember(run);
      tell(run);
    },
    noteDelayMs,
  });

  const backupOf = (run: Run): Backup => ({
    ...run,
    restoreCommand: (run.archive && options.restoreCommand?.(run.archive)) ?? null,
    queuePosition: null, // the queue knows
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
      const run = listeners.size > 0 && durable.get(id);
      if (run) tell(run);
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

    newestId() {
      return table.greatestId();
    },

    namespaces: () => [...namespaces],

    onChange(listener) {
      const own = (run: ChangedRun) => listener(run); // so that the same listener can be added twice
      listeners.add(own);
      return () => listeners.delete(own);
    },

    count: () => table.count(),

    async close() {
      await durable.flush();
      await checkpoints.finish();
      await journal.close();
      table.close();
    },
  };
}

const unknownRun = (id: string) => new Error(`run ${id} is not in the history`);
