import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Pod } from '../cluster/gateway/pods.ts';
import { helperLabels } from '../helper/names.ts';
import type { SweepOptions } from './sweep.ts';
import { sweeperOf } from './sweep.ts';

const helper = (namespace: string, runId: string, installation = 'ours'): Pod => ({
  metadata: {
    namespace,
    name: `nkvm-backup-${runId}`,
    uid: `uid of ${namespace}/${runId}`,
    labels: helperLabels({ runId, attempt: 1, installation }),
  },
});

/** A cluster with these pods. `remove` may be changed, e.g. to one that fails. */
function clusterWith(all: Pod[]) {
  const removed: string[] = [];
  const matches = (pod: Pod, labels: Record<string, string>) =>
    Object.entries(labels).every(([name, value]) => pod.metadata?.labels?.[name] === value);
  return {
    removed,
    withLabels: async (labels: Record<string, string>) => all.filter(pod => matches(pod, labels)),
    remove: async (namespace: string, name: string): Promise<void> =>
      void removed.push(`${namespace}/${name}`),
  };
}

function sweeperWith(change: Partial<SweepOptions>) {
  const said: string[] = [];
  const say = (_: object, sentence: string) => void said.push(sentence);
  const sweep = sweeperOf({
    pods: clusterWith([]),
    sweepDestinations: async () => 0,
    installation: 'ours',
    isUnderWay: () => false,
    log: { info: say, warn: say, error: say },
    ...change,
  });
  return { sweep, said };
}

it('deletes helpers that no run owns, and no other', async () => {
  const pods = clusterWith([
    helper('shop', 'left'),
    helper('shop', 'live'),
    helper('shop', 'stranger', 'another'),
  ]);
  await sweeperWith({ pods, isUnderWay: id => id === 'live' }).sweep();
  expect(pods.removed).toEqual(['shop/nkvm-backup-left']);
});

it('deletes the others when some cannot be deleted, and logs those once', async () => {
  const pods = clusterWith([helper('a', 'planted'), helper('b', 'stuck'), helper('shop', 'left')]);
  const { sweep, said } = sweeperWith({
    pods: {
      ...pods,
      async remove(namespace, name) {
        if (namespace === 'a') throw new Error('pods "nkvm-backup-planted" is forbidden');
        if (namespace === 'b') throw new Error('no answer');
        await pods.remove(namespace, name);
      },
    },
  });
  await sweep();
  expect(pods.removed).toEqual(['shop/nkvm-backup-left']);
  expect(said).toHaveLength(3);
  await sweep();
  expect(said).toHaveLength(3);
});

it('asks for each deletion once and waits for none: a pod that stays delays nothing', async () => {
  const pods = clusterWith(Array.from({ length: 30 }, (_, at) => helper('shop', `stuck-${at}`)));
  // They are still listed, as with a finalizer, or on a node that is away: to wait for each would take more than the test may.
  await sweeperWith({ pods }).sweep();
  expect(pods.removed).toHaveLength(30);
});

it('asks for a few deletions at once', async () => {
  let now = 0;
  let most = 0;
  const pods = clusterWith(Array.from({ length: 30 }, (_, at) => helper('shop', `left-${at}`)));
  const remove = async (): Promise<void> => {
    now += 1;
    most = Math.max(most, now);
    await sleep(1);
    now -= 1;
  };
  await sweeperWith({ pods: { ...pods, remove } }).sweep();
  expect(most).toBe(8);
});

it('removes the temporaries when the API server does not answer', async () => {
  let sweeps = 0;
  const { sweep, said } = sweeperWith({
    pods: { ...clusterWith([]), withLabels: () => Promise.reject(new Error('no answer')) },
    sweepDestinations: async () => (sweeps += 1),
  });
  await sweep();
  expect(sweeps).toBe(1);
  expect(said).toContain('helper pods that no run owns could not be listed: no answer');
});
