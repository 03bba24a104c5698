import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Backup } from '../../api/index.ts';
import type { Manifest } from '../archive/manifest.ts';
import { writeManifest } from '../archive/manifest.ts';
import { archiveName, manifestName } from '../archive/name.ts';
import { ApiFailure } from '../cluster/gateway/apiFailure.ts';
import { lane } from '../cluster/gateway/lane.ts';
import { sameLimits } from '../helper/wait/waitLimits.ts';
import type { History } from '../history/history.ts';
import { openHistory } from '../history/openHistory.ts';
import type { JobKinds } from '../jobs/job.ts';
import { exampleManifest } from '../testing/archive/exampleManifest.ts';
import { testClaim } from '../testing/cluster/testClaim.ts';
import { failing } from '../testing/destinations/failingDestination.ts';
import { fixedPlaces } from '../testing/destinations/fixedPlaces.ts';
import { memoryDestination, memoryStorage } from '../testing/destinations/memoryDestination.ts';
import { exampleHelperSettings } from '../testing/helper/exampleHelperSettings.ts';
import { processCluster } from '../testing/helper/processCluster.ts';
import { exampleRestore } from '../testing/history/exampleRestore.ts';
import { queuedRun } from '../testing/history/exampleRun.ts';
import { recover } from './recover.ts';
import { runBackup } from './run.ts';

const log = pino({ level: 'silent' });
const identity = {
  clusterUid: 'cluster-1',
  installation: 'i',
  namespaceUidOf: () => 'namespace-1',
};
const retry = { maxAttempts: 2, delayMs: () => 20 };
let dir: string;
let history: History;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-recover-'));
  history = await openHistory(join(dir, 'nkvm.db'));
});
afterEach(async () => {
  await history.close();
  rmSync(dir, { recursive: true, force: true });
});

const started = async (change: Partial<Backup> = {}): Promise<Backup> => {
  const run = queuedRun({ status: 'running', stage: 'copy', destinations: ['memory'], ...change });
  await history.add([run]);
  return run;
};
const recovered = (destination = memoryDestination()) =>
  recover({
    ...{ history, identity, retry, log },
    places: fixedPlaces([destination]),
    now: () => new Date(),
  });

it('does not try a safety backup again: the volume holds something else later', async () => {
  const { id } = await started({ priority: 'restore' });
  await recovered();
  expect(history.get(id)).toMatchObject({
    ...{ status: 'failed', attempt: 1, reason: 'Interrupted' },
    endedAt: expect.any(String),
  });
});

it('decides again when the API server did not say what a restore has left, and the others at once', async () => {
  const restore = { ...exampleRestore({ id: '00restore', status: 'running' }), endedAt: null };
  await history.add([restore]);
  const { id } = await started({ id: '01backup' });
  let isAway = true;
  const away = new ApiFailure('no answer', { kind: 'unreachable', class: 'transient' });
  const kinds: JobKinds = {
    restore: {
      ...{ access: 'write', nodeOf: () => null, work: async () => ({}) },
      async afterRestart() {
        if (isAway) throw away;
        return { status: 'success', message: 'restored' };
      },
    },
  };
  const destination = memoryDestination();
  const go = () =>
    recover({
      ...{ history, identity, retry, kinds, log },
      places: fixedPlaces([destination]),
      now: () => new Date(),
    });
  await expect(go()).rejects.toBe(away);
  expect(history.get(restore.id)).toMatchObject({ status: 'running' });
  expect(history.get(id)).toMatchObject({ status: 'queued' });
  isAway = false;
  await go();
  expect(history.get(restore.id)).toMatchObject({ status: 'success' });
});

it('tries a run in the middle again, and fails it after its last attempt', async () => {
  const { id } = await started();
  await recovered();
  expect(history.get(id)).toMatchObject({ status: 'queued', attempt: 2, reason: 'Interrupted' });
  await history.commit(id, { status: 'running' });
  await recovered();
  expect(history.get(id)).toMatchObject({
    status: 'failed',
    reason: 'Interrupted',
    endedAt: expect.any(String),
  });
});

it('asks the kind of a run that is not a backup, and looks at no archive for it', async () => {
  const { id } = await started({ kind: 'restore' });
  const kinds = {
    restore: {
      access: 'write' as const,
      nodeOf: () => null,
      work: async () => ({}),
      afterRestart: async () => ({
        status: 'failed' as const,
        reason: 'RestoreInterrupted',
        failureClass: 'needs-action' as const,
        message: 'it had begun to write',
        retryAfterMs: 5,
      }),
    },
  };
  const destination = failing(memoryDestination(), 'list');
  await recover({
    ...{ history, identity, retry, kinds, log },
    places: fixedPlaces([destination]),
    now: () => new Date(),
  });
  expect(history.get(id)).toMatchObject({
    status: 'failed',
    reason: 'RestoreInterrupted',
    endedAt: expect.any(String),
  });
});

it.each([
  ['with its manifest is a success', false, 'success'],
  ['without a manifest stays for now, and proves nothing', true, 'queued'],
])('an archive %s', async (_, loseManifest, status) => {
  const storage = memoryStorage();
  const destination = memoryDestination(storage);
  const cluster = processCluster(dir);
  const claim = testClaim({ name: 'a', uid: 'uid-a' });
  const run = await started({ namespace: claim.namespace, name: 'a', uid: 'uid-a' });
  const end = await runBackup(
    run,
    claim,
    {
      cluster,
      readClaim: async () => ({ uid: 'uid-a', labels: {}, annotations: {}, spec: {}, status: {} }),
      places: fixedPlaces([destination]),
      clusterName: 'test',
      identity,
      helperSettings: exampleHelperSettings,
      waitLimits: sameLimits(5000),
      runTimeoutMs: 60_000,
      unpacking: lane(1),
      proofPlans: (_, all) => all.map(() => ({ by: 'reading', level: 'checksum' })),
      version: '0',
      now: () => new Date(),
      entriesBefore: () => undefined,
    },
    () => undefined,
    new AbortController().signal
  );
  expect(end.status).toBe('success'); // and the process ends before it can record that
  const manifestKey = [...storage.archives.keys()].find(key => key.endsWith('.json')) ?? '';
  if (loseManifest) storage.archives.delete(manifestKey);
  await recovered(destination);
  expect(history.get(run.id)).toMatchObject({ status });
  expect(storage.archives.size).toBe(loseManifest ? 2 : 3);
  await cluster.stop();
});

const manifestFor = (run: Backup, archive: string, change: Partial<Manifest> = {}) =>
  exampleManifest({
    archive,
    runId: run.id,
    namespace: run.namespace,
    pvc: run.name,
    pvcUid: run.uid,
    clusterUid: identity.clusterUid,
    installation: identity.installation,
    bytes: 7,
    ...change,
  });

const keyOf = (run: Backup, second: number) =>
  archiveName({
    cluster: 'kind',
    namespace: run.namespace,
    pvc: run.name,
    at: new Date(Date.UTC(2026, 10, 20, 10, 11, second)),
    runId: run.id,
  });

it('finds the archive that is proven behind one that an earlier attempt left', async () => {
  const run = await started({ attempt: 3 });
  const storage = memoryStorage();
  const [left, proven] = [keyOf(run, 1), keyOf(run, 2)];
  storage.archives.set(left, Buffer.from('rest'));
  storage.archives.set(manifestName(left), Buffer.from('{'));
  storage.archives.set(proven, Buffer.from('archive'));
  const text = writeManifest(manifestFor(run, proven));
  storage.archives.set(manifestName(proven), Buffer.from(text));
  await recovered(memoryDestination(storage));
  expect(history.get(run.id)).toMatchObject({
    status: 'success',
    copies: [{ destination: 'memory', key: proven, state: 'present', bytes: 7 }],
    endedAt: '2026-11-20T10:12:40.000Z',
  });
  expect([...storage.archives.keys()]).toEqual([
    left,
    manifestName(left),
    proven,
    manifestName(proven),
  ]);
});

it('takes the archive of the last attempt where two have left one', async () => {
  const run = await started({ attempt: 2 });
  const storage = memoryStorage();
  const destination = memoryDestination(storage);
  for (const second of [2, 1]) {
    const key = keyOf(run, second);
    storage.archives.set(key, Buffer.from('archive'));
    const change = { chain: second === 1 ? { links: [] } : null };
    await destination.put(manifestName(key), writeManifest(manifestFor(run, key, change)));
  }
  await recovered(destination);
  expect(history.get(run.id)).toMatchObject({
    ...{ status: 'success', chain: null },
    copies: [{ key: keyOf(run, 2), state: 'present' }],
  });
});

it.each<[string, Partial<Manifest>]>([
  ['of another claim', { pvcUid: 'another' }],
  ['of another installation', { installation: 'another' }],
  ['of another cluster', { clusterUid: 'another' }],
  ['that names another size', { bytes: 8 }],
])('never takes a manifest %s for the end of its run', async (_, change) => {
  const run = await started();
  const storage = memoryStorage();
  const key = keyOf(run, 1);
  storage.archives.set(key, Buffer.from('archive'));
  const text = writeManifest(manifestFor(run, key, change));
  storage.archives.set(manifestName(key), Buffer.from(text));
  await recovered(memoryDestination(storage));
  expect(history.get(run.id)).toMatchObject({ status: 'queued', reason: 'Interrupted' });
  expect(storage.archives.size).toBe(2);
});

it('tries a run again when the destination cannot be read, and says so', async () => {
  const { id } = await started();
  await recovered(failing(memoryDestination(), 'list'));
  expect(history.get(id)).toMatchObject({
    status: 'queued',
    message: expect.stringContaining('could not be checked: list was made to fail'),
  });
});

it('asks only for the manifests of interrupted runs', async () => {
  const run = await started();
  const storage = memoryStorage();
  const other = exampleManifest();
  storage.archives.set(manifestName(other.archive), Buffer.from(writeManifest(other)));
  storage.archives.set(manifestName(keyOf(run, 1)), Buffer.from('{'));
  const memory = memoryDestination(storage);
  const opened: string[] = [];
  const open: typeof memory.open = async (key, call) => {
    opened.push(key);
    return memory.open(key, call);
  };
  await recovered({ ...memory, open });
  expect(opened).toEqual([manifestName(keyOf(run, 1))]);
});
