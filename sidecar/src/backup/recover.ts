import type { Backup } from '../../api/index.ts';
import { LOCAL_DESTINATION } from '../../api/index.ts';
import { archiveOfManifest, parseArchiveName } from '../archive/name.ts';
import type { Destination } from '../destinations/destination.ts';
import type { Places } from '../destinations/places.ts';
import type { History, RunChange, RunRecord } from '../history/history.ts';
import type { Identity } from '../identity.ts';
import { isOurs } from '../identity.ts';
import { endAfterRestart, interruptedBy } from '../jobs/attempts/interrupted.ts';
import { nextAttempt } from '../jobs/attempts/retry.ts';
import type { JobEnd, JobKinds } from '../jobs/job.ts';
import type { RetryPolicy } from '../jobs/job.ts';
import type { Log } from '../log.ts';
import type { ProvenArchive } from './provenArchive.ts';
import { isOfRun, isOfSameAttempt, provenArchiveAt, recordOf } from './provenArchive.ts';

export interface RecoverOptions {
  history: History;
  places: Pick<Places, 'get'>;
  /** How long one destination may take to list its archives; the others do not wait longer. */
  lookLimitMs?: number;
  identity: Pick<Identity, 'clusterUid' | 'installation'>;
  retry: RetryPolicy;
  /** The decision for runs of other kinds. */
  kinds?: JobKinds;
  now(): Date;
  log: Log;
  signal?: AbortSignal;
}

/**
 * Decides what becomes of the runs that an earlier process was in the middle of, before any run starts. Its helpers
 * and temporaries are deleted by the sweep. A kind other than backups decides by itself; see `JobKind.afterRestart`.
 *
 * | among the archives of a backup | the run |
 * | --- | --- |
 * | one has its manifest, and the size that the manifest names, at each required destination | success: the manifest is written last |
 * | the same, at some | `Incomplete`: the other copies are made from those |
 * | two attempts have left one like that | the last attempt counts |
 * | there is none like that, or no destination could be read | tried again, or failed; failed if a restore has asked for it |
 *
 * Its helper cannot go on: the stream ended with the process that read it. Nothing is deleted here: an archive without a
 * manifest may be about to get one from a process that does not know yet that it has been replaced. See `unproven.ts`.
 *
 * @throws ApiFailure when the API server did not say what one of them has left; the others are decided. To be called again.
 */
export async function recover(options: RecoverOptions): Promise<void> {
  const { history, now, log, kinds = {}, signal } = options;
  const interrupted = history.unfinished().filter(run => run.status === 'running');
  if (interrupted.length === 0) return;
  const found = await archivesOf(
    interrupted.filter(({ kind }) => kind === 'backup'),
    options
  );
  const endOf = async (run: RunRecord): Promise<JobEnd> => {
    if (run.kind !== 'backup') {
      return await endAfterRestart(run, kinds, signal ?? new AbortController().signal);
    }
    const [first, ...more] = ofLastAttempt(found.byRun.get(run.id) ?? []);
    if (!first) return interruptedBy(run, found.fault);
    const done = 'backed up; NKVM was restarted before it recorded the success';
    return { ...recordOf([first, ...more], [], done), isLast: true };
  };
  let isUnknown: unknown;
  for (const run of interrupted) {
    let end: JobEnd;
    try {
      end = await endOf(run);
    } catch (error) {
      isUnknown = error;
      continue;
    }
    // Whether the API server was unavailable is not known; a process that is killed again and again must come to an end.
    const next = isSafetyBackup(run)
      ? undefined // later, the volume holds what the restore has written
      : nextAttempt(run, end, kinds[run.kind]?.retry ?? options.retry, {
          now: now(),
          hadOutage: false,
        });
    const change = next?.change ?? withEnd(end, now());
    await history.commit(run.id, change);
    const about = { run: run.id, namespace: run.namespace, pvc: run.name, status: change.status };
    log.warn(about, 'decided how to continue a run that an earlier process left');
  }
  if (isUnknown !== undefined) throw isUnknown;
}

/** Only a restore asks for a backup with this priority: of its target, before it writes. */
const isSafetyBackup = ({ kind, priority }: Pick<Backup, 'kind' | 'priority'>): boolean =>
  kind === 'backup' && priority === 'restore';

/** @returns what is recorded of a run that has ended for good. */
function withEnd(end: JobEnd, now: Date): RunChange {
  const change = { ...end, endedAt: end.endedAt ?? now.toISOString() };
  delete change.retryAfterMs;
  delete change.isLast;
  return change;
}

interface FoundArchives {
  byRun: Map<string, ProvenArchive[]>;
  /** Why a destination could not be read, or what is wrong with an archive. */
  fault?: unknown;
}

/** The manifest of an earlier attempt may have arrived after its process was killed, and was not seen then. */
function ofLastAttempt(found: readonly ProvenArchive[]): ProvenArchive[] {
  const [last] = [...found].sort((one, other) => (one.copy.key < other.copy.key ? 1 : -1));
  return found.filter(({ copy }) => last !== undefined && isOfSameAttempt(copy, last.copy));
}

/** The destination of the settings, where a run names none. */
const namesOf = ({ destinations }: Backup): string[] =>
  destinations.length > 0 ? destinations : [LOCAL_DESTINATION];

/** @returns the proven archives of these runs, at all of their destinations. */
async function archivesOf(
  runs: readonly Backup[],
  options: RecoverOptions
): Promise<FoundArchives> {
  const found: FoundArchives = { byRun: new Map() };
  const byId = new Map(runs.map(run => [run.id, run]));
  const names = [...new Set(runs.flatMap(namesOf))];
  const look = async (name: string): Promise<void> => {
    try {
      const destination = options.places.get(name)?.use();
      if (destination) await archivesAt(destination, byId, options, found);
    } catch (error) {
      found.fault = error;
    }
  };
  await Promise.all(names.map(look));
  return found;
}

async function archivesAt(
  destination: Destination,
  runs: ReadonlyMap<string, Backup>,
  { identity, signal, lookLimitMs = 60_000 }: RecoverOptions,
  found: FoundArchives
): Promise<void> {
  const limit = AbortSignal.timeout(lookLimitMs);
  const ends = signal ? AbortSignal.any([signal, limit]) : limit;
  const wanted = (key: string) => runs.has(runOfManifest(key) ?? '');
  for await (const page of destination.list({ wanted, signal: ends })) {
    for (const { key } of page) {
      const run = runs.get(runOfManifest(key) ?? '');
      if (!run) continue;
      try {
        const proven = await provenArchiveAt(key, destination, ends);
        const facts = { identity, liveClaimUid: undefined, isKnown: true };
        if (!isOfRun(proven, run) || !isOurs(proven.manifest, facts)) continue;
        found.byRun.set(run.id, [...(found.byRun.get(run.id) ?? []), proven]);
      } catch (error) {
        found.fault = error;
      }
    }
  }
}

const runOfManifest = (key: string): string | undefined =>
  parseArchiveName(archiveOfManifest(key) ?? '')?.runId;
