import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import type { Backup } from '../../sidecar/api/index.ts';
import { readManifest } from '../../sidecar/src/archive/manifest.ts';
import { archiveOfManifest, manifestName } from '../../sidecar/src/archive/name.ts';
import { readBack } from '../../sidecar/src/archive/readBack.ts';
import type { Destination } from '../../sidecar/src/destinations/destination.ts';
import { readText } from '../../sidecar/src/destinations/readText.ts';
import { LIMIT } from './sidecar.ts';
import type { World } from './world.ts';

const FINAL: Backup['status'][] = ['success', 'failed', 'cancelled'];
const MANIFEST_BYTES = 1024 * 1024;

/** What holds when the queue has run dry, whatever happened before. */
export async function expectInvariants(world: World): Promise<void> {
  const { history, destination } = world.sidecar;
  const { backups } = history.list({ limit: 500 });
  const stateOf = (id: string) => history.get(id)?.status;

  expect(world.told.broken, 'promises that were broken on the way').toEqual([]);
  const lost = world.told.ids.filter(id => !FINAL.includes(stateOf(id) ?? 'queued'));
  expect(lost, 'runs that were lost').toEqual([]);
  const changed = [...world.told.ends].filter(([id, end]) => stateOf(id) !== end);
  expect(changed, 'runs that ended otherwise than was told').toEqual([]);
  expect(world.told.ids, 'the order of the ids').toEqual([...world.told.ids].sort());

  const proven = backups.filter(({ status }) => status === 'success');
  for (const run of proven) await expectProven(run, destination);
  const expected = proven.flatMap(({ archive }) => {
    const key = basename(archive ?? '');
    return [key, manifestName(key)];
  });
  // Temporaries, too: nothing else may lie there.
  expect(readdirSync(join(world.dir, 'backups')).sort(), 'files').toEqual(expected.sort());

  expect(world.cluster.podNames(), 'helpers without a run').toEqual([]);
  expect(world.cluster.mostPods, 'helpers at once').toBeLessThanOrEqual(LIMIT);
}

async function expectProven(run: Backup, destination: Destination): Promise<void> {
  const key = basename(run.archive ?? '');
  const { bytes, sha256, contents } = await readBack(key, await destination.open(key), 'contents');
  expect({ bytes, sha256, files: contents?.files }).toEqual({
    bytes: run.bytes,
    sha256: run.sha256,
    files: run.seal?.files,
  });
  const text = await readText(destination, manifestName(key), MANIFEST_BYTES);
  const manifest = readManifest(manifestName(key), text);
  expect(archiveOfManifest(manifestName(key))).toBe(manifest.archive);
  expect(manifest).toMatchObject({ runId: run.id, bytes, sha256, pvcUid: run.uid });
}
