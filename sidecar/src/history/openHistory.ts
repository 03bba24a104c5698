import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as otherWork } from 'node:timers/promises';
import type { Copy } from '../../api/index.ts';
import { DESTINATION_KINDS } from '../../api/index.ts';
import type { Fence } from '../fence.ts';
import { noFence } from '../fence.ts';
import { codeOf } from '../files.ts';
import { beginning, makeDirectory } from './durability/beginWriting.ts';
import { Checkpoints } from './durability/checkpoints.ts';
import { checkpointWriter } from './durability/checkpointWriter.ts';
import { DiskWriter } from './durability/diskWriter.ts';
import { DurableRuns } from './durability/durableRuns.ts';
import { fencedFiles } from './durability/fencedFiles.ts';
import type { Notice } from './durability/notice.ts';
import { notClosed, noticesOfStart, notWritten } from './durability/notice.ts';
import { isDiskFull, Reserve } from './durability/reserve.ts';
import type { FileCalls } from './durability/wholeFile.ts';
import { historyError } from './errors.ts';
import type { ChangedRun, DestinationRecord, History, RunRecord } from './history.ts';
import { pruneRuns } from './pruning/pruneRuns.ts';
import { ClaimHeads, summaryOf } from './queries/claimHeads.ts';
import type { Entry } from './queries/entries.ts';
import { ProvenRestores } from './queries/provenRestores.ts';
import type { Run } from './queries/row.ts';
import { changedRun, checkedChange, checkedRun } from './queries/row.ts';
import { firstIdAfter, latestBelievable } from './runId.ts';
import type { LoadedHistory } from './schema/loadHistory.ts';
import { loadHistory, newHistory } from './schema/loadHistory.ts';
import { loadSqlite } from './schema/sqlite.ts';
import { RunTable } from './schema/table.ts';

/** A checkpoint of 10,000 runs takes some 50 ms and delays inserts meanwhile: rare enough for their p99. */
const CHECKPOINT_SHARE = 0.02;
/** The share holds for a million runs, whose checkpoint takes 2 s. */
const LONGEST_REST_MS = 120_000;

/** Room for the start of a service whose disk is full, and for the ends of thousands of runs. */
const RESERVE_BYTES = 4 * 1024 * 1024;

/** 5,000 rows take some 20 ms. */
const MAX_SCAN = 5_000;

export interface HistoryOptions {
  /** Gets what the operator should know; the service logs it. */
  onNotice?: (notice: Notice) => void;
  /** @returns how the archive at a path is restored by hand, after `links`; shown with every run that has one. */
  restoreCommand?: (archive: string, options: { links: readonly string[] }) => string;
  /** The destinations of this installation; those of earlier times are remembered. */
  destinations?: readonly DestinationRecord[];
  /** Is asked before each write. */
  fence?: Fence;
  /** How long a note may stay off the disk. */
  noteDelayMs?: number;
  /** How soon a change should be in the history file, and how soon a note, where the pace of checkpoints allows it. */
  checkpointDelayMs?: number;
  checkpointNotesDelayMs?: number;
  /** Biggest share of the time that goes into checkpoints, 0 to 1. */
  checkpointShare?: number;
  /** How long after a failed checkpoint it is tried again. */
  checkpointRetryMs?: number;
  /** How long after a failed write it is tried again. */
  writeRetryMs?: number;
  /** Size of the file that is deleted when the disk is full; 0: there is none. */
  reserveBytes?: number;
  /** How many runs a call of `list` looks at. */
  maxScan?: number;
  now?: () => Date;
  files?: FileCalls;
}

/**
 * Opens the history at `path`; the file and its directory are made where they are missing. With a full disk it is
 * read-only at first.
 * @throws StageError (stage `queue`) when the file can be neither read nor written, or a later NKVM wrote it
 */
export async function openHistory(path: string, options: HistoryOptions = {}): Promise<History> {
  const { now = () => new Date(), onNotice = () => {}, fence = noFence } = options;
  const files = fencedFiles(options.files ?? fs, fence);
  await loadSqlite(); // here, because its failure has nothing to do with the file
  try {
    const loaded = await load(path);
    return await historyOf(loaded, path, { ...options, now, files, onNotice, fence });
  } catch (error) {
    throw codeOf(error) ? historyError('queue', path, error) : error;
  }
}

/** Where a full disk leaves no room for the directory, there is no history yet. */
async function load(path: string): Promise<LoadedHistory> {
  try {
    await makeDirectory(dirname(path));
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    return await newHistory(path);
  }
  return await loadHistory(path);
}

type Parts = HistoryOptions &
  Required<Pick<HistoryOptions, 'now' | 'onNotice' | 'files' | 'fence'>>;

async function historyOf(loaded: LoadedHistory, path: string, options: Parts): Promise<History> {
  const {
    noteDelayMs = 1_000,
    checkpointDelayMs = 1_000,
    checkpointNotesDelayMs = 60_000,
    maxScan = MAX_SCAN,
    onNotice,
    now,
  } = options;
  const table = new RunTable(loaded.db);
  const reserve = new Reserve(path, options.reserveBytes ?? RESERVE_BYTES);
  const begin = beginning({ path, loaded, ...options });
  const disk: DiskWriter = new DiskWriter({
    path,
    begin: async () => {
      const { journal, aside } = await begin();
      noticesOfStart(path, loaded, aside).forEach(onNotice);
      return journal;
    },
    reserve,
    fence: options.fence,
    retryMs: options.writeRetryMs ?? 5_000,
    probe: () => durable.change('publish', () => {}, true),
    onNotice,
  });
  /** Destinations that the disk does not have yet: they go into the next record. */
  let destinations: Entry[] = (options.destinations ?? []).flatMap(each => table.describe(each));

  const latestMs = () => latestBelievable(now().getTime());
  const latest = () => new Date(latestMs()).toISOString();
  const heads = new ClaimHeads(latest, (claim, until) => table.lastSuccess(claim, until));
  for (const which of ['all', 'proven'] as const) {
    table.newest(which, latest()).forEach(run => heads.remember(run));
    await otherWork();
  }
  const proofs = new ProvenRestores(id => table.get(id));
  table.restores().forEach(run => proofs.remember(run));
  const namespaces = new Set(table.namespaces());
  const listeners = new Set<(run: ChangedRun) => void>();
  const tell = (run: ChangedRun) => listeners.forEach(listener => listener(run));

  const checkpoints = new Checkpoints({
    write: checkpointWriter({ path, table, journal: () => disk.journal, reserve, ...options }),
    pace: {
      share: options.checkpointShare ?? CHECKPOINT_SHARE,
      longestRestMs: LONGEST_REST_MS,
      retryMs: options.checkpointRetryMs ?? 10_000,
    },
    onFailure: error => onNotice(notWritten(path, error)),
  });
  const durable: DurableRuns = new DurableRuns(table, {
    save: async (entries, isProgress) => {
      const sequence = await disk.append([...destinations, ...entries]);
      destinations = [];
      checkpoints.within(isProgress ? checkpointNotesDelayMs : checkpointDelayMs);
      return sequence;
    },
    refusal: (stage, error) => historyError(stage, path, error),
    onChange: run => {
      namespaces.add(run.namespace);
      heads.remember(run);
      proofs.remember(run);
      tell(run);
    },
    onRemoved: run => {
      heads.forget(run);
      proofs.forget(run);
    },
    noteDelayMs,
  });
  await disk.open(); // on a full disk it calls `probe`, so what that needs is there

  const archiveOf = (run: Run): string | null => {
    const present = run.copies.filter(({ state }) => state === 'present');
    const isFile = ({ destination }: Copy) => hasPath(table.destination(destination)?.kind);
    const copy = present.find(isFile) ?? present[0];
    const place = copy && table.destination(copy.destination);
    if (!copy || !place) return null;
    return hasPath(place.kind)
      ? `${place.location.replace(/\/+$/, '')}/${copy.key}`
      : `${copy.destination}:${copy.key}`;
  };
  /** A command works on a file: what is elsewhere is fetched first. */
  const fileOf = (archive: string): string =>
    archive.startsWith('/') ? archive : archive.slice(archive.indexOf(':') + 1);
  const backupOf = (run: Run): RunRecord => {
    const archive = archiveOf(run);
    const links = run.chain?.links.map(link => link.archive) ?? [];
    return {
      ...run,
      archive,
      restoreCommand: (archive && options.restoreCommand?.(fileOf(archive), { links })) ?? null,
      queuePosition: null, // the queue knows
      provenRestorableAt: proofs.ofBackup(run.id)?.at ?? null,
    };
  };
  /** @returns a summary with the progress that its run has made since. */
  const current = <T extends { id: string } | null>(summary: T) => {
    const run = summary && durable.hasProgress(summary.id) && durable.get(summary.id);
    return run ? summaryOf(run) : summary;
  };

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
      if (change.status !== undefined || change.copies !== undefined) {
        throw new Error(`run ${id}: a change of status or copies must be committed`);
      }
      const run = durable.note(id, checkedChange(change));
      if (!run) throw unknownRun(id);
      tell(run);
    },

    get(id) {
      const run = durable.get(id);
      return run && backupOf(run);
    },

    list(query, allowed, kinds = ['backup']) {
      const { runs, nextCursor } = table.page(query, allowed, maxScan, kinds);
      return { backups: runs.map(run => backupOf(durable.withProgress(run))), nextCursor };
    },

    ofBackup: (id, limit) =>
      table.ofBackup(id, limit).map(run => backupOf(durable.withProgress(run))),

    ofClaim(uid, namespace, name, namespaceUid) {
      const { lastBackup, lastSuccess } = heads.of(uid, namespace, name, namespaceUid);
      return {
        lastBackup: current(lastBackup),
        lastSuccess: current(lastSuccess),
        lastProvenRestore: proofs.ofClaim(uid, namespace, name),
      };
    },

    backupsSince: (claim, since) => table.backupsSince(claim, since),

    checkFailure: (kind, claim) => proofs.checkFailure(kind, claim),

    describe(known) {
      destinations.push(...known.flatMap(each => table.describe(each)));
    },

    provenAt: destination => table.provenAt(destination),

    unfinished: () => table.unfinished().map(run => backupOf(durable.withProgress(run))),

    namespaces: () => [...namespaces],

    onChange(listener) {
      const own = (run: ChangedRun) => listener(run); // so that the same listener can be added twice
      listeners.add(own);
      return () => listeners.delete(own);
    },

    fillIdentity(clusterUid, known) {
      const changed = table.fillIdentity(clusterUid, known);
      if (changed === 0) return 0;
      heads.clear();
      for (const which of ['all', 'proven'] as const) {
        table.newest(which, latest()).forEach(run => heads.remember(run));
      }
      checkpoints.within(checkpointDelayMs);
      return changed;
    },

    newestId: () => table.greatestId(firstIdAfter(latestMs())),

    prune: rules => pruneRuns({ table, durable, heads, proofs, now }, rules),
    prunedUntil: () => table.prunedUntil(),
    count: () => table.count(),
    copiesAt: (destination, after, limit) => table.copiesAt(destination, after, limit),
    onlyAt: destination => table.onlyAt(destination),
    dependents: run => table.dependents(run),
    incrementsAt: (...asked) => table.incrementsAt(...asked),
    archives: table.archives,

    isReadOnly: () => disk.problem !== undefined,

    problem: () => disk.problem ?? null,

    async close() {
      // Each step is made whatever became of the ones before.
      const steps = [
        () => durable.flush(),
        () => durable.close(),
        () => checkpoints.finish(),
        () => disk.close(),
        () => table.close(),
      ];
      for (const step of steps) {
        try {
          await step();
        } catch (error) {
          onNotice(notClosed(path, error));
        }
      }
    },
  };
}

/** Memory and test destinations have paths like those of files. */
const hasPath = (kind: string | undefined): boolean => {
  const remote: readonly string[] = DESTINATION_KINDS.filter(each => each !== 'directory');
  return kind !== undefined && !remote.includes(kind);
};

const unknownRun = (id: string) => new Error(`run ${id} is not in the history`);
