import type { Backup } from '../../api/index.ts';
import type { Manifest } from '../archive/manifest.ts';
import { readManifest } from '../archive/manifest.ts';
import { archiveOfManifest, clusterPart, manifestName, parseArchiveName } from '../archive/name.ts';
import type { Destination } from '../destinations/destination.ts';
import { keysOf } from '../destinations/destination.ts';
import { readText } from '../destinations/readText.ts';
import { textOf } from '../errors.ts';
import type { History } from '../history/history.ts';
import type { Log } from '../log.ts';

export interface RebuildOptions {
  history: History;
  destination: Destination;
  /** Archives of other clusters may lie at the same destination. */
  clusterName: string;
  log: Log;
}

/** How many manifests are read at once; their runs go to the disk together. */
const TOGETHER = 50;

/** How many names a line of the log has. */
const NAMED = 20;

const MANIFEST_BYTES = 1024 * 1024;

/**
 * Adds each proven backup at the destination that the history does not know: after a lost history, all of them. To be
 * called at each start, before any run starts; it may be killed at any moment, and called again.
 *
 * | at the destination | in the history | |
 * | --- | --- | --- |
 * | archive and manifest, sizes agree | no such run | a `success` row is added |
 * | archive and manifest | the run, whatever its state | stays as it is |
 * | a manifest that cannot be read, or its archive is missing or has another size | no such run | said, passed over |
 *
 * Never throws: a service without its old history is better than none, and what is missing is logged.
 */
export async function rebuildHistory(options: RebuildOptions): Promise<void> {
  const { history, destination, log } = options;
  const added: string[] = [];
  const skipped: string[] = [];
  try {
    const unknown = await keysOf(destination, { wanted: key => isUnknown(key, options) });
    for (let at = 0; at < unknown.length; at += TOGETHER) {
      const ends = await Promise.allSettled(
        unknown.slice(at, at + TOGETHER).map(async key => {
          const run = await runAt(key, destination);
          await history.add([run]);
          return `${run.namespace}/${run.name} ${run.id}`;
        })
      );
      for (const end of ends) {
        if (end.status === 'fulfilled') added.push(end.value);
        else skipped.push(textOf(end.reason));
      }
    }
  } catch (error) {
    log.error({}, `history could not be compared with the destination: ${textOf(error)}`);
  }
  if (added.length > 0) {
    log.warn(
      { count: added.length, runs: added.slice(0, NAMED) },
      `history lacked ${added.length} proven backups; they were added from their manifests`
    );
  }
  if (skipped.length > 0) {
    log.warn(
      { count: skipped.length, reasons: skipped.slice(0, NAMED) },
      `${skipped.length} manifests were passed over: their archives are not in the history`
    );
  }
}

/** @returns whether it is the key of a manifest of this cluster whose run is not in the history. */
function isUnknown(key: string, { history, clusterName }: RebuildOptions): boolean {
  const archive = archiveOfManifest(key);
  const parts = archive && parseArchiveName(archive);
  if (!parts) return false;
  return parts.cluster === clusterPart(clusterName) && history.get(parts.runId) === undefined;
}

/** @throws Error that says why the manifest proves nothing. */
async function runAt(key: string, destination: Destination): Promise<Backup> {
  const manifest = readManifest(key, await readText(destination, key, MANIFEST_BYTES));
  if (manifestName(manifest.archive) !== key) {
    throw new Error(`manifest ${key} tells of another archive: ${manifest.archive}`);
  }
  const stored = await destination.stat(manifest.archive);
  if (stored?.bytes !== manifest.bytes) {
    throw new Error(
      `archive ${manifest.archive} ${
        stored ? `has ${stored.bytes} bytes` : 'is missing'
      }; its manifest says ${manifest.bytes} bytes`
    );
  }
  return runOf(manifest, destination);
}

/** What a manifest does not contain is null. The time in the archive's name counts as its end: alerts need one. */
const runOf = (manifest: Manifest, destination: Destination): Backup => ({
  id: manifest.runId,
  namespace: manifest.namespace,
  name: manifest.pvc,
  uid: manifest.pvcUid,
  kind: 'backup',
  namespaceUid: null,
  clusterUid: null,
  status: 'success',
  stage: 'cleanup',
  bytes: manifest.bytes,
  sha256: manifest.sha256,
  archive: null, // follows from `copies`
  copies: [
    {
      destination: destination.id,
      key: manifest.archive,
      state: 'present',
      bytes: manifest.bytes,
      sha256: manifest.sha256,
      provenAt: null,
      proof: null,
      verifiedAt: null,
    },
  ],
  message: 'backed up; known from the manifest beside the archive',
  reason: null,
  hint: null,
  failureClass: null,
  warnings: manifest.warnings,
  tarMessages: manifest.tarMessages,
  warningCount: manifest.tarMessages.length,
  createdAt: manifest.createdAt,
  startedAt: null,
  endedAt: (parseArchiveName(manifest.archive)?.at ?? new Date(manifest.createdAt)).toISOString(),
  stages: [],
  seal: manifest.seal,
  helper: null,
  acceptEmpty: false,
  verify: null,
  requestedBy: manifest.requestedBy,
  priority: 'on-demand',
  attempt: 1,
  retryAt: null,
  queuePosition: null,
  restoreCommand: null, // follows from `archive`
});
