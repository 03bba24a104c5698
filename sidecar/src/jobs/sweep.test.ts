import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { helperPod } from '../helper/manifest.ts';
import { memoryDestination } from '../testing/memoryDestination.ts';
import { processCluster } from '../testing/processCluster.ts';
import { sweep } from './sweep.ts';

const log = pino({ level: 'silent' });
const spec = { claimName: 'a', image: 'x', memoryLimit: '1Mi', node: null, deadlineMs: 1 };

async function clusterWith(pods: [namespace: string, runId: string, installation: string][]) {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-sweep-'));
  const cluster = processCluster(dir);
  onTestFinished(async () => {
    await cluster.stop();
    rmSync(dir, { recursive: true });
  });
  for (const [namespace, runId, installation] of pods) {
    await cluster.pods.create(namespace, helperPod({ ...spec, runId, installation }));
  }
  return cluster;
}

it('deletes helpers that no run owns, and no other', async () => {
  const { pods, existing } = await clusterWith([
    ['shop', 'left', 'ours'],
    ['shop', 'live', 'ours'],
    ['shop', 'stranger', 'another'],
  ]);
  const isUnderWay = (id: string) => id === 'live';
  await sweep({ pods, destination: memoryDestination(), installation: 'ours', isUnderWay, log });
  expect([...existing.keys()]).toEqual(['shop/nkvm-backup-live', 'shop/nkvm-backup-stranger']);
});

it('goes on with the temporaries when the API server does not answer', async () => {
  const { pods } = await clusterWith([]);
  let sweeps = 0;
  const destination = { ...memoryDestination(), sweep: async () => (sweeps += 1) };
  await sweep({
    pods: { ...pods, withLabels: () => Promise.reject(new Error('no answer')) },
    destination,
    installation: 'ours',
    isUnderWay: () => false,
    log,
  });
  expect(sweeps).toBe(1);
});
