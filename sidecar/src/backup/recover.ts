import type { Backup } from '../../api/index.ts';
import { readManifest } from '../archive/manifest.ts';
import { manifestName, parseArchiveName } from '../archive/name.ts';
import type { Destination } from '../destinations/destination.ts';
import { keysOf } from '../destinations/destination.ts';
import { textOf } from '../errors.ts';
import type { History, RunChange } from '../history/history.ts';
import type { RetryPolicy } from '../jobs/retry.ts';
import { nextAttempt } from '../jobs/retry.ts';
import type { Log } from '../log.ts';

export interface RecoverOptions {
  history: History;
  destination: Destination;
  retry: RetryPolicy;
  now(): Date;
  log: Log;
}

/**
 * Decides what becomes of the runs that an earlier process was in the middle of, before any run starts. Its helpers
 * and temporaries are deleted by the sweep.
 *
 * | the run's archive | the run |
 * | --- | --- |
 * | has its manifest, and the size that the manifest names | success: the manifest is written last |
 * | lies there without a manifest | tried again, or failed; the archive, which nothing proves, is removed |
 * | is not there | tried again, or failed |
 *
 * Its helper cannot go on: the stream ended with the process that read it.
 */
export async function recover(options: RecoverOptions): Promise<void> {
  const { history, destination, log, now } = options;
  const interrupted = history.unfinished().filter(run => run.status === 'running');
  if (interrupted.length === 0) return;
  const keys = new Set(await keysOf(destination));
  for (const run of interrupted) {
    // Could not look is no answer: the run is failed, and what lies at the destination stays.
    const end = await endOf(run, keys, destination).catch(error =>
      interruptedBy(run, ` (and its archive could not be looked at: ${textOf(error)})`)
    );
    // Whether the API server was away is not known; a process that is killed again and again must come to an end.
    const next = nextAttempt(run, end, options.retry, { now: now(), hadOutage: false });
    const change = next?.change ?? { ...end, endedAt: now().toISOString() };
    await history.commit(run.id, change);
    const about = { run: run.id, namespace: run.namespace, pvc: run.name, status: change.status };
    log.warn(about, 'decided what becomes of a run that an earlier process left');
  }
}

async function endOf(
  run: Backup,
  keys: ReadonlySet<string>,
  destination: Destination
): Promise<RunChange> {
  const key = [...keys].find(each => parseArchiveName(each)?.runId === run.id);
  if (key && keys.has(manifestName(key))) {
    const manifest = readManifest(
      manifestName(key),
      await textOfKey(destination, manifestName(key))
    );
    if ((await destination.stat(key))?.bytes === manifest.bytes) {
      return {
        status: 'success',
        stage: 'cleanup',
        copies: [
          {
            destination: destination.id,
            key: key,
            state: 'present',
            bytes: manifest.bytes,
            sha256: manifest.sha256,
            provenAt: null,
            proof: null,
            verifiedAt: null,
          },
        ],
        bytes: manifest.bytes,
        sha256: manifest.sha256,
        seal: manifest.seal,
        warnings: manifest.warnings,
        tarMessages: manifest.tarMessages,
        warningCount: manifest.tarMessages.length,
        message: 'backed up; the sidecar was restarted before it could say so',
      };
    }
  } else if (key) await destination.remove(key);
  return interruptedBy(run);
}

const interruptedBy = (run: Backup, more = ''): RunChange => ({
  status: 'failed',
  stage: run.stage ?? 'create',
  reason: 'Interrupted',
  failureClass: 'transient',
  message: `the sidecar was stopped in the middle of the run${more}`,
  hint: 'back up again',
});

async function textOfKey(destination: Destination, key: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await destination.open(key)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
