import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Backup } from '../../api/index.ts';
import type { History } from '../history/history.ts';
import { openHistory } from '../history/openHistory.ts';
import { queuedRun } from '../testing/exampleRun.ts';
import { memoryDestination, memoryStorage } from '../testing/memoryDestination.ts';
import { processCluster } from '../testing/processCluster.ts';
import { testClaim } from '../testing/testClaim.ts';
import { recover } from './recover.ts';
import { runBackup } from './run.ts';

const log = pino({ level: 'silent' });
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
  const run = queuedRun({ status: 'running', stage: 'copy', ...change });
  await history.add([run]);
  return run;
};
const recovered = (destination = memoryDestination()) =>
  recover({ history, destination, retry, now: () => new Date(), log });

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

it.each([
  ['with its manifest is a success', false, 'success'],
  ['without a manifest is removed, for nothing proves it', true, 'queued'],
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
      readClaim: async () => ({ uid: 'uid-a', labels: {}, annotations: {}, spec: {} }),
      destination,
      clusterName: 'test',
      installation: 'i',
      image: 'x',
      memoryLimit: '1Mi',
      podTimeoutMs: 5000,
      runTimeoutMs: 60_000,
      proofLevel: () => 'checksum',
      version: '0',
      now: () => new Date(),
      entriesBefore: () => undefined,
    },
    () => undefined,
    new AbortController().signal
  );
  expect(end.status).toBe('success'); // and the process ends before it can record that
  const manifest = [...storage.archives.keys()].find(key => key.endsWith('.json')) ?? '';
  if (loseManifest) storage.archives.delete(manifest);
  await recovered(destination);
  expect(history.get(run.id)).toMatchObject({ status });
  expect(storage.archives.size).toBe(loseManifest ? 0 : 2);
  await cluster.stop();
});
