import type { Backup } from '../../api/index.ts';
import { archiveOfManifest, parseArchiveName } from '../archive/name.ts';
import type { Destination } from '../destinations/destination.ts';
import type { History, RunChange, RunRecord } from '../history/history.ts';
import type { Identity } from '../identity.ts';
import { isOurs } from '../identity.ts';
import { endAfterRestart, interruptedBy } from '../jobs/interrupted.ts';
import type { JobEnd, JobKinds } from '../jobs/job.ts';
import type { RetryPolicy } from '../jobs/retry.ts';
import { nextAttempt } from '../jobs/retry.ts';
import type { Log } from '../log.ts';
import { isOfRun, provenArchiveAt, successOf } from './provenArchive.ts';

export interface RecoverOptions {
  history: History;
  destination: Destination;
  identity: Pick<Identity, 'clusterUid' | 'installation'>;
  retry: RetryPolicy;
  /** What decides for runs of other kinds. */
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
 * | one has its manifest, and the size that the manifest names | success: the manifest is written last |
 * | there is none like that, or the destination could not be read | tried again, or failed; failed if a restore has asked for it |
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
  const backups = interrupted.filter(({ kind }) => kind === 'backup').map(({ id }) => id);
  const manifests = await manifestsOf(new Set(backups), options);
  const endOf = async (run: RunRecord): Promise<JobEnd> => {
    if (run.kind !== 'backup') {
      return await endAfterRestart(run, kinds, signal ?? new AbortController().signal);
    }
    if ('error' in manifests) return interruptedBy(run, manifests.error);
    return await endOfBackup(run, manifests.byRun.get(run.id) ?? [], options);
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
    // Whether the API server was away is not known; a process that is killed again and again must come to an end.
    const next = isSafetyBackup(run)
      ? undefined // later, the volume holds what the restore has written
      : nextAttempt(run, end, options.retry, { now: now(), hadOutage: false });
    const change = next?.change ?? withEnd(end, now());
    await history.commit(run.id, change);
    const about = { run: run.id, namespace: run.namespace, pvc: run.name, status: change.status };
    log.warn(about, 'decided what becomes of a run that an earlier process left');
  }
  if (isUnknown !== undefined) throw isUnknown;
}

/** Only a restore asks for a backup with this priority: of its target, before it writes. */
export const isSafetyBackup = ({ kind, priority }: Pick<Backup, 'kind' | 'priority'>): boolean =>
  kind === 'backup' && priority === 'restore';

/** @returns what is recorded of a run that has ended for good. */
function withEnd(end: JobEnd, now: Date): RunChange {
  const change = { ...end, endedAt: end.endedAt ?? now.toISOString() };
  delete change.retryAfterMs;
  return change;
}

/** @returns the keys of the manifests of these runs, or why they are not known. */
async function manifestsOf(
  ids: ReadonlySet<string>,
  { destination, signal }: RecoverOptions
): Promise<{ byRun: Map<string, string[]> } | { error: unknown }> {
  const byRun = new Map<string, string[]>();
  if (ids.size === 0) return { byRun };
  const wanted = (key: string) => ids.has(runOfManifest(key) ?? '');
  try {
    for await (const page of destination.list({ wanted, signal })) {
      for (const { key } of page) {
        const runId = runOfManifest(key) ?? '';
        byRun.set(runId, [...(byRun.get(runId) ?? []), key]);
      }
    }
    return { byRun };
  } catch (error) {
    return { error };
  }
}

const runOfManifest = (key: string): string | undefined =>
  parseArchiveName(archiveOfManifest(key) ?? '')?.runId;

async function endOfBackup(
  run: Backup,
  manifestKeys: readonly string[],
  { destination, identity, signal }: RecoverOptions
): Promise<RunChange> {
  let fault: unknown;
  for (const key of manifestKeys) {
    try {
      const proven = await provenArchiveAt(key, destination, signal);
      if (!isOfRun(proven, run)) continue;
      const facts = { identity, liveClaimUid: undefined, isKnown: true };
      if (!isOurs(proven.manifest, facts)) continue;
      return successOf(
        proven,
        'backed up; the sidecar was restarted before it recorded the success'
      );
    } catch (error) {
      fault = error;
    }
  }
  return interruptedBy(run, fault);
}
