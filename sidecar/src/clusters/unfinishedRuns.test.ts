import { expect, it } from 'vitest';
import type { RunChange } from '../history/history.ts';
import { exampleRun } from '../testing/history/exampleRun.ts';
import type { RunsOfCluster } from './unfinishedRuns.ts';
import { cancelRuns, failAfterAbsence } from './unfinishedRuns.ts';

/** @returns a cluster with a run that waits and one under way, and what becomes of them. */
function given() {
  const ended: [string, RunChange][] = [];
  const state = { isAway: false };
  const runs = [
    exampleRun({ id: 'waits', status: 'queued', endedAt: null }),
    exampleRun({ id: 'runs', status: 'running', endedAt: null }),
  ];
  const world: RunsOfCluster = {
    history: {
      unfinished: () => runs,
      get: id => runs.find(run => run.id === id),
      commit: async (id, change) => void ended.push([id, change]),
    },
    runs: {
      queue: {
        cancel: async id => exampleRun({ id, status: id === 'runs' ? 'success' : 'cancelled' }),
        fail: async (id, why) => void ended.push([id, why]),
      },
    },
    gateway: { availability: { isAway: () => state.isAway, reason: () => 'refused' } },
    log: { warn: () => undefined },
  };
  return { world, ended, state };
}

it('cancels the runs of a cluster that was removed by its name, and leaves what has ended', async () => {
  const { world, ended } = given();
  const why = { message: 'cluster edge was removed from NKVM', reason: 'ClusterRemoved' };
  await cancelRuns(world, { ...why, hint: 'add it again' });
  const message = 'cancelled, because cluster edge was removed from NKVM';
  expect(ended).toEqual([['waits', { message, reason: 'ClusterRemoved', hint: 'add it again' }]]);
});

it('fails the runs that wait only when the cluster has not answered for long enough', async () => {
  const { world, ended, state } = given();
  let now = 0;
  const look = failAfterAbsence('edge', world, 10_000, () => now);
  await look();
  state.isAway = true;
  await look();
  now = 9_000;
  await look();
  state.isAway = false;
  await look();
  state.isAway = true;
  await look();
  now = 18_000;
  await look();
  expect(ended).toEqual([]);
  now = 19_000;
  await look();
  expect(ended).toMatchObject([
    ['waits', { reason: 'ClusterUnreachable', failureClass: 'transient' }],
  ]);
  expect(ended[0]?.[1].message).toBe('cluster edge has not answered for 10 s: refused');
});
