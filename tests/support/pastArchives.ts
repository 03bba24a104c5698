import { randomBytes } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../../sidecar/src/archive/manifest.ts';
import { archiveName, indexName, manifestName } from '../../sidecar/src/archive/name.ts';
import { runIds } from '../../sidecar/src/history/runId.ts';

const HOUR_MS = 3_600_000;

/** An archive that a schedule would have made. */
export interface PastArchive {
  /** Of its run. */
  id: string;
  key: string;
}

/** Differences from a sound archive of this installation. */
export interface PastOptions {
  change?: Partial<Manifest>;
  /** Hours since the newest was made. Default: 1. */
  newestHours?: number;
}

/** The claim that was backed up. */
export interface PastClaim {
  namespace: string;
  name: string;
  uid: string;
}

/**
 * Stores copies of the one archive at a destination that a person asked for, as hourly backups of the last hours would have left
 * them: NKVM takes them into its history like those of a history that was lost.
 * @param backups the directory of the destination
 * @returns them, newest first
 */
export function pastArchives(
  backups: string,
  { namespace, name, uid }: PastClaim,
  count: number,
  { change = {}, newestHours = 1 }: PastOptions = {}
): PastArchive[] {
  const from = templateIn(backups);
  const now = Date.now();
  return Array.from({ length: count }, (_, number) => {
    const at = new Date(now - (number + newestHours) * HOUR_MS);
    const runId = runIds({ now: () => at.getTime(), random: randomBytes })();
    const parts = { cluster: change.cluster ?? from.cluster, namespace, pvc: name, at, runId };
    const key = archiveName(parts);
    const index = from.index && { ...from.index, key: indexName(key) };
    const manifest: Manifest = {
      ...from,
      ...{ archive: key, runId, namespace, pvc: name, pvcUid: uid, index },
      createdAt: at.toISOString(),
      provenAt: at.toISOString(),
      priority: 'scheduled',
      ...change,
    };
    linkSync(join(backups, from.archive), join(backups, key));
    if (from.index && index) linkSync(join(backups, from.index.key), join(backups, index.key));
    writeFileSync(join(backups, manifestName(key)), JSON.stringify(manifest));
    return { id: runId, key };
  });
}

function templateIn(backups: string): Manifest {
  for (const key of readdirSync(backups).filter(name => name.endsWith('.json'))) {
    const manifest = JSON.parse(readFileSync(join(backups, key), 'utf8')) as Manifest;
    if (manifest.priority === 'on-demand') return manifest;
  }
  throw new Error(`${backups} has no archive that a person asked for`);
}

/** Changes one byte of an archive, and of no other one that shares its file. Its size stays. */
export function corrupt(backups: string, { key }: PastArchive): void {
  const bytes = readFileSync(join(backups, key));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  replace(backups, key, bytes);
}

/** Takes the second half of an archive away. */
export function cutShort(backups: string, { key }: PastArchive): void {
  const bytes = readFileSync(join(backups, key));
  replace(backups, key, bytes.subarray(0, bytes.length >> 1));
}

function replace(backups: string, key: string, bytes: Uint8Array): void {
  writeFileSync(join(backups, `${key}.new`), bytes);
  renameSync(join(backups, `${key}.new`), join(backups, key));
}
