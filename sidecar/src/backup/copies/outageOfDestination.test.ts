import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { lane } from '../../cluster/gateway/lane.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { Destination } from '../../destinations/destination.ts';
import type { Places } from '../../destinations/places.ts';
import type { Health } from '../../destinations/places/health.ts';
import { healthOf } from '../../destinations/places/health.ts';
import { keep } from '../../destinations/places/kept.ts';
import { keepOptions } from '../../destinations/places/openPlace.ts';
import { StageError } from '../../errors.ts';
import { sameLimits } from '../../helper/wait/waitLimits.ts';
import { runIds } from '../../history/runId.ts';
import { startQueue } from '../../jobs/queue/queue.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { fixedPlaces } from '../../testing/destinations/fixedPlaces.ts';
import { memoryDestination } from '../../testing/destinations/memoryDestination.ts';
import { exampleHelperSettings } from '../../testing/helper/exampleHelperSettings.ts';
import type { ProcessCluster } from '../../testing/helper/processCluster.ts';
import { processCluster } from '../../testing/helper/processCluster.ts';
import { newPath, openFor } from '../../testing/history/testDisk.ts';
import { backupJob } from '../backupJob.ts';
import type { RunWorld } from '../run.ts';
import { runBackup } from '../run.ts';
import { onReopened, outageCosts } from './outageCosts.ts';

const away = new StageError('copy', 'ConnectionRefused', 'x refuses', 'start it', 'transient');
const log = pino({ level: 'silent' });

/** Destinations that fail on request, each watched by its own breaker. */
function watched(...names: string[]) {
  let passedMs = 0;
  const isAway = new Set<string>();
  const listeners = new Set<() => void>();
  const healths = new Map<string, Health>();
  const destinations = names.map(name => {
    const memory = { ...memoryDestination(), id: name };
    const check = () => {
      if (isAway.has(name)) throw away;
    };
    const failing: Destination = {
      ...memory,
      async stage(...call) {
        if (isAway.has(name)) call[1].destroy();
        check();
        return await memory.stage(...call);
      },
      async stat(...call) {
        check();
        return await memory.stat(...call);
      },
    };
    const health = healthOf({
      name,
      lookAt: () => kept.destination,
      now: () => Date.now() + passedMs,
      onChange: () => listeners.forEach(listener => listener()),
      againMs: 0,
    });
    const kept = keep(failing, keepOptions(name, [], health, { log, idleMs: 0 }));
    onTestFinished(() => health.stop());
    healths.set(name, health);
    return kept.destination;
  });
  const healthFor = (name: string) => healths.get(name) as Health;
  const fixed = fixedPlaces(destinations, destination => ({
    outage: () => healthFor(destination.id).outage(),
    use() {
      healthFor(destination.id).enter();
      return destination;
    },
  }));
  const places: Places = {
    ...fixed,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return {
    ...{ places, isAway },
    /** It answers again, and the longest pause is over. */
    comesBack(name: string) {
      isAway.delete(name);
      passedMs += 600_000;
    },
    async isPaused(name: string) {
      isAway.add(name);
      const to = destinations.find(({ id }) => id === name);
      for (let call = 0; call < 3; call += 1) await to?.stat('any').catch(() => undefined);
      await vi.waitFor(() => expect(healthFor(name).state()).toBe('paused'));
    },
  };
}

async function start(places: Places, volumes: number, names: string[]) {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-outage-'));
  writeFileSync(join(dir, 'orders'), 'orders');
  const clusters: ProcessCluster[] = [];
  /** Helpers of one cluster share a directory: each attempt has its own. */
  const newCluster = () => {
    const cluster = processCluster(dir);
    clusters.push(cluster);
    return cluster;
  };
  const claims = Array.from(
    { length: volumes },
    (_, at): Claim => ({ ...testClaim(), name: `v${at}`, uid: `uid-${at}` })
  );
  const history = await openFor(newPath());
  const world: Omit<RunWorld, 'cluster'> = {
    ...{ places, outageCosts: outageCosts(places), clusterName: 'test' },
    readClaim: async (_, name) => ({
      ...{ uid: `uid-${name.slice(1)}`, labels: {}, annotations: {}, spec: {}, status: {} },
    }),
    identity: { clusterUid: 'cluster-1', installation: 'i', namespaceUidOf: () => 'namespace-1' },
    ...{ helperSettings: exampleHelperSettings, waitLimits: sameLimits(5000) },
    ...{ runTimeoutMs: 60_000, unpacking: lane(1), version: '0.0.0' },
    proofPlans: (_, all) => all.map(() => ({ by: 'reading', level: 'checksum' })),
    now: () => new Date(),
    entriesBefore: () => undefined,
  };
  const queue = startQueue({
    history,
    kinds: {
      backup: backupJob({
        claimOf: (_, name) => claims.find(claim => claim.name === name),
        now: world.now,
        run: (run, claim, report, signal) =>
          runBackup(run, claim, { ...world, cluster: newCluster() }, report, signal),
      }),
    },
    limits: { total: 4, perNode: 4 },
    retry: { maxAttempts: 3, delayMs: () => 5 },
    newId: runIds(undefined, history.newestId()),
    ...{ now: world.now, log, onEnd: () => undefined },
  });
  const unfollow = onReopened(places, queue.hurry);
  onTestFinished(async () => {
    unfollow();
    await queue.stop();
    await Promise.all(clusters.map(cluster => cluster.stop()));
    rmSync(dir, { recursive: true, force: true });
  });
  queue.resume();
  await queue.add(
    claims.map(claim => ({ ...claim, destinations: names })),
    { requestedBy: 'somebody' }
  );
  return { queue, runs: () => history.list({ limit: 100 }).backups };
}

it('an outage of the only destination costs one failed attempt, and all volumes are backed up after it', async () => {
  const { places, isAway, comesBack } = watched('x');
  isAway.add('x');
  const { queue, runs } = await start(places, 20, ['x']);
  await vi.waitFor(
    () => expect(runs().map(({ reason }) => reason)).toEqual(Array(20).fill('DestinationPaused')),
    30_000
  );
  for (const run of runs())
    expect(run).toMatchObject({
      ...{ status: 'queued', stage: 'queue', failureClass: 'transient', copies: [] },
      message: expect.stringMatching(/^waits: destination x failed .*: x refuses$/),
      retryAt: expect.any(String),
    });
  const failedAttempts = () => runs().reduce((sum, { attempt }) => sum + attempt - 1, 0);
  expect(failedAttempts()).toBe(1);
  comesBack('x');
  queue.hurry(); // as when the time of their next attempt has come: one is the trial
  await vi.waitFor(
    () => expect(runs().map(({ status }) => status)).toEqual(Array(20).fill('success')),
    30_000
  );
  expect(failedAttempts()).toBe(1);
}, 70_000);

it('a run with another destination goes on without the paused one, whose copy is awaited', async () => {
  const { places, isPaused } = watched('x', 'y');
  await isPaused('x');
  const { runs } = await start(places, 1, ['x', 'y']);
  await vi.waitFor(() => expect(runs()[0]?.endedAt).not.toBeNull(), 10_000);
  expect(runs()).toMatchObject([
    {
      ...{ status: 'failed', reason: 'Incomplete', attempt: 1 },
      copies: [
        {
          ...{ destination: 'x', state: 'awaited', problem: { reason: 'DestinationPaused' } },
          retryAt: expect.any(String),
        },
        { destination: 'y', state: 'present' },
      ],
    },
  ]);
});
