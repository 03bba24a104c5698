import { expect, it } from 'vitest';
import { readableBy, writeManifest } from '../../archive/manifest.ts';
import { archiveName, manifestName } from '../../archive/name.ts';
import { findSource } from '../../restore/source.ts';
import { exampleManifest } from '../../testing/archive/exampleManifest.ts';
import { fixedPlaces } from '../../testing/destinations/fixedPlaces.ts';
import { memoryDestination } from '../../testing/destinations/memoryDestination.ts';
import {
  OLD_UID,
  populateWorld,
  storeBackup,
  waitingClaim,
} from '../../testing/policy/populateWorld.ts';

it('an increment at two destinations is restored from the one that has its full archive, too', async () => {
  const of = (id: string) => ({ ...memoryDestination(), id });
  const [east, west] = [of('east'), of('west')];
  const old = { cluster: 'old', clusterUid: OLD_UID };
  const full = await storeBackup(west, { ...old, at: '2026-11-20T10:00:00.000Z' });
  const runId = '01zzzzzzzzzzzzzzzzzzzzzzzz';
  const at = '2026-11-20T11:00:00.000Z';
  const name = { namespace: 'shop', pvc: 'orders-db' };
  const key = archiveName({ cluster: 'old', ...name, at: new Date(at), runId });
  const link = { runId: full.runId, archive: full.key, bytes: 42, sha256: 'ab'.repeat(32) };
  const chain = { links: [link] };
  const manifest = exampleManifest({ archive: key, runId, ...name, ...old, createdAt: at, chain });
  for (const to of [east, west]) {
    await to.put(key, 'x'.repeat(42));
    await to.put(manifestName(key), writeManifest({ ...manifest, readableBy: readableBy(chain) }));
  }
  const world = populateWorld([east, west], { continues: [{ uid: OLD_UID, name: 'old' }] });
  const { signal } = new AbortController();
  const decision = await world.decisionFor(waitingClaim(), { signal, failed: [] });
  expect(decision).toMatchObject({ kind: 'restore', candidate: { destination: 'west' } });
  if (decision.kind !== 'restore') return;
  const source = await findSource(decision.candidate.source, {
    history: { get: () => undefined },
    places: fixedPlaces([east, west]),
  } as never);
  expect(source.links).toHaveLength(1);
});
