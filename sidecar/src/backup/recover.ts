import type { Backup } from '../../api/index.ts';
import { archiveOfManifest, parseArchiveName } from '../archive/name.ts';
import type { Destination } from '../destinations/destination.ts';
import { textOf } from '../errors.ts';
import type { History, RunChange } from '../history/history.ts';
import type { Identity } from '../identity.ts';
import { isOurs } from '../identity.ts';
import type { RetryPolicy } from '../jobs/retry.ts';
import { nextAttempt } from '../jobs/retry.ts';
import type { Log } from '../log.ts';
import { isOfRun, provenArchiveAt, successOf } from './provenArchive.ts';

export interface RecoverOptions {
  history: History;
  destination: Destination;
  identity: Pick<Identity, 'clusterUid' | 'installation'>;
  retry: RetryPolicy;
  now(): Date;
  log: Log;
  signal?: AbortSignal;
}

/**
 * Decides what becomes of the runs that an earlier process was in the middle of, before any run starts. Its helpers
 * and temporaries are deleted by the sweep.
 *
 * | among the archives of the run | the run |
 * | --- | --- |
 * | one has its manifest, and the size that the manifest names | success: the manifest is written last |
 * | there is none like that, or the destination could not be read | tried again, or failed |
 *
 * Its helper cannot go on: the stream ended with the process that read it. Nothing is deleted here: an archive without a
 * manifest may be about to get one from a process that does not know yet that it has been replaced. See `unproven.ts`.
 */
export async function recover(options: RecoverOptions): Promise<void> {
  const { history, now, log } = options;
  const interrupted = history.unfinished().filter(run => run.status === 'running');
  if (interrupted.length === 0) return;
  const manifests = await manifestsOf(new Set(interrupted.map(({ id }) => id)), options);
  for (const run of interrupted) {
    const end =
      'error' in manifests
        ? interruptedBy(run, manifests.error)
        : await endOf(run, manifests.byRun.get(run.id) ?? [], options);
    // Whether the API server was away is not known; a process that is killed again and again must come to an end.
    const next = nextAttempt(run, end, options.retry, { now: now(), hadOutage: false });
    const change = next?.change ?? { ...end, endedAt: end.endedAt ?? now().toISOString() };
    await history.commit(run.id, change);
    const about = { run: run.id, namespace: run.namespace, pvc: run.name, status: change.status };
    log.warn(about, 'decided what becomes of a run that an earlier process left');
  }
}

/** @returns the keys of the manifests of these runs, or why they are not known. */
async function manifestsOf(
  ids: ReadonlySet<string>,
  { destination, signal }: RecoverOptions
): Promise<{ byRun: Map<string, string[]> } | { error: unknown }> {
  const byRun = new Map<string, string[]>();
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

async function endOf(
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

const interruptedBy = (run: Backup, fault?: unknown): RunChange => ({
  status: 'failed',
  stage: run.stage ?? 'create',
  reason: 'Interrupted',
  failureClass: 'transient',
  message: `the sidecar was stopped in the middle of the run${
    fault === undefined ? '' : ` (its archive could not be checked: ${textOf(fault)})`
  }`,
  hint: 'back up again',
});
