import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Backup } from '../../api/index.ts';
import { readManifest } from '../archive/manifest.ts';
import { lane } from '../cluster/gateway/lane.ts';
import type { PushListener } from '../helper/push/listener.ts';
import { pushTransport } from '../helper/push/pushTransport.ts';
import { sameLimits } from '../helper/wait/waitLimits.ts';
import { testClaim } from '../testing/cluster/testClaim.ts';
import { failing } from '../testing/destinations/failingDestination.ts';
import { fixedPlaces } from '../testing/destinations/fixedPlaces.ts';
import type { MemoryStorage } from '../testing/destinations/memoryDestination.ts';
import { memoryDestination, memoryStorage } from '../testing/destinations/memoryDestination.ts';
import { exampleHelperSettings } from '../testing/helper/exampleHelperSettings.ts';
import type { ProcessCluster } from '../testing/helper/processCluster.ts';
import { processCluster } from '../testing/helper/processCluster.ts';
import { breakingWay, misled, portOf, testListener } from '../testing/helper/pushWorld.ts';
import { exampleRun } from '../testing/history/exampleRun.ts';
import type { RunWorld } from './run.ts';
import { runBackup } from './run.ts';

const MIB = 2 ** 20;
const claim = testClaim();
const run: Backup = { ...exampleRun({ status: 'running' }), ...claim, destinations: ['memory'] };

let dir: string;
let storage: MemoryStorage;
let cluster: ProcessCluster;
let listener: PushListener;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-pushed-'));
  writeFileSync(join(dir, 'orders'), randomBytes(8 * MIB));
  storage = memoryStorage();
  cluster = processCluster(dir);
  listener = await testListener();
});
afterEach(async () => {
  await cluster.stop();
  rmSync(dir, { recursive: true, force: true });
});

const backUp = (change: Partial<Backup> = {}, world: Partial<RunWorld> = {}) =>
  runBackup(
    { ...run, ...change },
    claim,
    {
      cluster,
      readClaim: async () => ({
        ...{ uid: claim.uid, labels: {}, annotations: {}, spec: {}, status: {} },
      }),
      places: fixedPlaces([memoryDestination(storage)]),
      transport: pushTransport(listener),
      clusterName: 'test',
      identity: { clusterUid: 'cluster-1', installation: 'i', namespaceUidOf: () => 'namespace-1' },
      helperSettings: exampleHelperSettings,
      waitLimits: sameLimits(60_000),
      runTimeoutMs: 60_000,
      unpacking: lane(1),
      proofPlans: (_, all) => all.map(() => ({ by: 'reading', level: 'contents' })),
      version: '0.0.0',
      now: () => new Date('2026-11-21T10:00:01Z'),
      entriesBefore: () => undefined,
      ...world,
    },
    () => undefined,
    new AbortController().signal
  );

const nothingStays = (): void => {
  expect([...storage.archives.keys()]).toEqual([]);
  expect(storage.temporaries.size).toBe(0);
  expect(cluster.existing.size).toBe(0);
};

/** The listener behind a way that breaks. */
const breaking = async (): Promise<Partial<RunWorld>> => {
  const port = await breakingWay(portOf(listener), 3 * MIB);
  return { transport: pushTransport(misled(listener, { port })) };
};

it('records in run and manifest that the archive was pushed', async () => {
  const end = await backUp();
  const route = {
    transport: 'push',
    transportReason: `the helper pod reached NKVM at ${listener.where}`,
  };
  expect(end).toMatchObject({ status: 'success', warnings: [], ...route });
  const key = end.copies?.[0]?.key ?? '';
  const manifest = storage.archives.get(`${key}.json`)?.toString() ?? '';
  expect(readManifest(key, manifest)).toMatchObject(route);
});

it('fails at copy when the connection breaks, and nothing stays', async () => {
  expect(await backUp({}, await breaking())).toMatchObject({
    ...{ status: 'failed', stage: 'copy', reason: 'PushBroke', failureClass: 'transient' },
    transport: 'push',
  });
  nothingStays();
});

it('goes over exec in the attempt after that', async () => {
  const end = await backUp({ attempt: 2, reason: 'PushBroke' }, await breaking());
  expect(end).toMatchObject({
    ...{ status: 'success', transport: 'exec' },
    transportReason: 'the connection of the helper pod to NKVM broke in the attempt before',
  });
});

it('ends when the destination takes no more, and nothing stays', async () => {
  const places = fixedPlaces([failing(memoryDestination(storage), 'stage')]);
  expect(await backUp({}, { places })).toMatchObject({ status: 'failed', stage: 'copy' });
  nothingStays();
});
