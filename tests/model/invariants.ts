import { expect } from 'vitest';
import type { Backup } from '../../sidecar/api/index.ts';
import { readManifest } from '../../sidecar/src/archive/manifest.ts';
import { archiveOfManifest, manifestName } from '../../sidecar/src/archive/name.ts';
import { readBack } from '../../sidecar/src/archive/readBack.ts';
import type { Destination } from '../../sidecar/src/destinations/destination.ts';
import { readText } from '../../sidecar/src/destinations/read/readText.ts';
import type { Installation } from './installation.ts';
import { LIMIT } from './sidecar.ts';
import type { World } from './world.ts';

const FINAL: Backup['status'][] = ['success', 'failed', 'cancelled'];
const MANIFEST_BYTES = 1024 * 1024;

/** What holds when the queues have run dry, whatever happened before. */
export async function expectInvariants(world: World): Promise<void> {
  const expected: string[] = [];
  for (const installation of world.installations) {
    expected.push(...(await filesOf(installation)));
  }
  // Neither a temporary, a part of an upload, nor an archive that no history shows may be there.
  const files = world.files();
  expectNone('files that no run has', without(files, expected));
  expectNone('archives that are gone', without(expected, files));
  expectNone('helpers without a run', world.cluster.podNames());
  expect(world.cluster.mostPods, 'helpers at once').toBeLessThanOrEqual(LIMIT);
}

/** @returns the files that the runs of one installation should have, after a look at each. */
async function filesOf({ told, sidecar, name }: Installation): Promise<string[]> {
  const { history, destination } = sidecar;
  const { backups } = history.list({ limit: 500 });
  const stateOf = (id: string) => history.get(id)?.status;

  expectNone(`promises of ${name} that were broken on the way`, told.broken);
  const lost = told.ids.filter(id => !FINAL.includes(stateOf(id) ?? 'queued'));
  expectNone(`runs of ${name} that were lost`, lost);
  const changed = [...told.ends].filter(([id, end]) => stateOf(id) !== end);
  expectNone(`runs of ${name} that ended otherwise than was told`, changed);
  expect(told.ids, 'the order of the ids').toEqual([...told.ids].sort());

  const proven = backups.filter(({ status }) => status === 'success');
  const files: string[] = [];
  for (const run of proven) files.push(...(await expectProven(run, destination, name)));
  return files;
}

/** During an outage, no fault ends an attempt: every run succeeds at its first one. */
export function expectNoAttemptUsedUp({ ours, neighbour }: World): void {
  for (const { sidecar, said } of [ours, neighbour]) {
    const { backups } = sidecar.history.list({ limit: 500 });
    const used = backups
      .filter(({ attempt }) => attempt > 1)
      .map(({ id }) => said.filter(line => line.includes(id)));
    expectNone('attempts that an outage used up', used);
    const failed = backups.filter(run => run.status === 'failed' && run.reason !== 'ClaimNotFound');
    expectNone('runs that an outage failed', failed);
  }
}

/** @throws Error that shows all of what should not be there. */
function expectNone(what: string, found: readonly unknown[]): void {
  if (found.length === 0) return;
  throw new Error(`${what}: ${found.map(each => JSON.stringify(each)).join('\n')}`);
}

const without = (one: readonly string[], other: readonly string[]): string[] =>
  one.filter(each => !other.includes(each));

/** @returns the files of a backup: archive, manifest, and the index that the manifest names. */
async function expectProven(
  run: Backup,
  destination: Destination,
  installation: string
): Promise<string[]> {
  const [{ key } = { key: '' }] = run.copies;
  const { bytes, sha256, contents } = await readBack(key, await destination.open(key), 'contents');
  expect({ bytes, sha256, files: contents?.files }).toEqual({
    bytes: run.bytes,
    sha256: run.sha256,
    files: run.seal?.files,
  });
  const text = await readText(destination, manifestName(key), MANIFEST_BYTES);
  const manifest = readManifest(manifestName(key), text);
  expect(archiveOfManifest(manifestName(key))).toBe(manifest.archive);
  expect(manifest).toMatchObject({ runId: run.id, bytes, sha256, pvcUid: run.uid, installation });
  const { index } = manifest;
  if (!index) return [key, manifestName(key)];
  const stored = await readBack(index.key, await destination.open(index.key), 'checksum');
  expect(stored).toEqual({ bytes: index.bytes, sha256: index.sha256 });
  return [key, manifestName(key), index.key];
}
