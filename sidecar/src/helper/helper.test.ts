import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiFailure } from '../cluster/gateway/apiFailure.ts';
import type { Pod } from '../cluster/gateway/pods.ts';
import { podChanges } from '../cluster/watch/podChanges.ts';
import { StageError } from '../errors.ts';
import { exampleHelperSpec } from '../testing/helper/exampleHelperSpec.ts';
import type { ProcessCluster } from '../testing/helper/processCluster.ts';
import { processCluster, RUNNING } from '../testing/helper/processCluster.ts';
import type { HelperCluster } from './helper.ts';
import { createHelper } from './helper.ts';
import type { HelperSpec } from './manifest.ts';
import { removeHelper } from './removeHelper.ts';
import { sameLimits } from './wait/waitLimits.ts';

let cluster: ProcessCluster;
beforeEach(() => {
  cluster = processCluster(tmpdir());
});
afterEach(() => cluster.stop());

const spec: HelperSpec = exampleHelperSpec;
const { signal } = new AbortController();
const FOREVER_MS = 2 ** 30;
const unreachable = (mayBeDone = true) =>
  new ApiFailure('the API server cannot be reached: ECONNRESET', {
    kind: 'unreachable',
    class: 'transient',
    mayBeDone,
  });
const refused = new ApiFailure(
  'pods "x" is forbidden: User "system:serviceaccount:nkvm:nkvm-runner" cannot create resource "pods/exec" in API group "" in the namespace "shop"',
  {
    kind: 'refused',
    class: 'needs-action',
    status: 403,
  }
);
/** The cluster with some of its pods' calls changed. */
const withPods = (change: Partial<HelperCluster['pods']>): HelperCluster => ({
  ...cluster,
  pods: { ...cluster.pods, ...change },
});
const names = () => [...cluster.existing.keys()];

describe('a helper pod', () => {
  it('has the attempt in its name, so that the one before may still be terminating', async () => {
    await createHelper(cluster, 'shop', spec);
    await createHelper(cluster, 'shop', { ...spec, attempt: 2 });
    expect(names()).toEqual(['shop/nkvm-backup-01a-1', 'shop/nkvm-backup-01a-2']);
  });

  it('gets another name where the same attempt left a pod: it may be busy, or stuck on a lost node', async () => {
    await createHelper(cluster, 'shop', spec);
    const { pod, uid } = await createHelper(cluster, 'shop', spec);
    expect(pod).toBe('nkvm-backup-01a-1-b');
    expect(cluster.existing.get(`shop/${pod}`)?.metadata?.uid).toBe(uid);
    expect(names()).toEqual([`shop/${pod}`]); // the earlier one holds no volume any more
  });

  it('is a transient failure when all its names are taken', async () => {
    const stuck = withPods({ remove: async () => undefined });
    for (let pods = 0; pods < 3; pods += 1) await createHelper(stuck, 'shop', spec);
    await expect(createHelper(stuck, 'shop', spec)).rejects.toMatchObject({
      stage: 'create',
      reason: 'HelperExists',
      class: 'transient',
    });
  });

  it('does not stay when its creation was carried out and the answer was lost', async () => {
    const lost = withPods({
      async create(namespace, pod) {
        await cluster.pods.create(namespace, pod);
        throw unreachable();
      },
    });
    await expect(createHelper(lost, 'shop', spec)).rejects.toMatchObject({
      reason: 'ApiUnreachable',
      class: 'transient',
    });
    expect(names()).toEqual([]);
  });

  it('leaves a pod of its name alone that is not of its run, when no answer comes', async () => {
    const planted: Pod = {
      metadata: { namespace: 'shop', name: 'nkvm-backup-01a-1', uid: 'other' },
    };
    cluster.existing.set('shop/nkvm-backup-01a-1', planted);
    const lost = withPods({ create: () => Promise.reject(unreachable()) });
    await expect(createHelper(lost, 'shop', spec)).rejects.toThrow();
    expect(names()).toEqual(['shop/nkvm-backup-01a-1']);
  });

  it('is ready although looks at it fail in between', async () => {
    let looks = 0;
    const helper = await createHelper(
      withPods({
        get: (...call) =>
          (looks += 1) < 3 ? Promise.reject(unreachable()) : cluster.pods.get(...call),
      }),
      'shop',
      spec
    );
    expect(await helper.ready(sameLimits(5000), signal)).toBe('node-a');
  });

  it('is not ready when no look succeeds within the limit, and that can pass', async () => {
    const never = withPods({ get: () => Promise.reject(unreachable()) });
    const helper = await createHelper(never, 'shop', spec);
    await expect(helper.ready(sameLimits(1), signal)).rejects.toMatchObject({
      stage: 'wait',
      reason: 'ApiUnreachable',
      class: 'transient',
    });
  });

  it('is looked at when a watch brings something about it, and only then, while it starts and while it ends', async () => {
    const { tell, follow } = podChanges();
    let looks = 0;
    const { existing } = cluster;
    const watched: HelperCluster = {
      ...withPods({
        async get(...call) {
          looks += 1;
          return await cluster.pods.get(...call);
        },
        remove: async () => undefined,
      }),
      follow(...pod) {
        const followed = follow(...pod);
        return { ...followed, changed: (_, signal) => followed.changed(FOREVER_MS, signal) };
      },
    };
    cluster.status = { phase: 'Pending' };
    const helper = await createHelper(watched, 'shop', spec);
    const path = `shop/${helper.pod}`;
    const change = async (pod: Pod | undefined, looksBefore: number): Promise<void> => {
      await vi.waitFor(() => expect(looks).toBe(looksBefore));
      if (pod) existing.set(path, pod);
      else existing.delete(path);
      tell({ namespace: 'shop', name: helper.pod });
    };
    const pending = existing.get(path) ?? {};
    const ready = helper.ready(sameLimits(60_000), signal);
    await change(pending, 1);
    await change({ ...pending, status: RUNNING }, 2);
    expect(await ready).toBe('node-a');
    const closed = helper.close();
    await change(undefined, 4);
    await closed;
    expect(looks).toBe(5);
  });

  it.each([
    ['node', { phase: 'Pending', conditions: [] }, 'NoNode', 'NKVM_HELPER_NODE_TIMEOUT_SECONDS'],
    [
      'volume',
      { phase: 'Pending', startTime: 't' },
      'VolumeNotMounted',
      'NKVM_HELPER_VOLUME_TIMEOUT_SECONDS',
    ],
    ['kubelet', { phase: 'Pending' }, 'HelperNotReady', 'NKVM_HELPER_POD_TIMEOUT_SECONDS'],
  ])(
    'names how long it waited for its %s, and the setting',
    async (what, status, reason, setting) => {
      cluster.status = status as never;
      const unplaced = (pod: Pod | undefined) =>
        pod && { ...pod, spec: { containers: [], ...(what !== 'node' && { nodeName: 'node-a' }) } };
      const waits = withPods({ get: async (...call) => unplaced(await cluster.pods.get(...call)) });
      const helper = await createHelper(waits, 'shop', spec);
      await expect(helper.ready(sameLimits(1), signal)).rejects.toMatchObject({
        ...{ stage: 'wait', reason, class: 'transient' },
        message: expect.stringContaining('(waited 0.001 s)'),
        hint: expect.stringContaining(`${setting} gives it more time`),
      });
    }
  );

  it('is not taken for another pod that got its name', async () => {
    const helper = await createHelper(cluster, 'shop', spec);
    cluster.existing.delete('shop/nkvm-backup-01a-1');
    await createHelper(cluster, 'shop', spec);
    await expect(helper.ready(sameLimits(1000), signal)).rejects.toMatchObject({
      reason: 'HelperGone',
    });
    await expect(helper.checkIsOurs()).rejects.toMatchObject({
      reason: 'HelperGone',
      class: 'transient',
    });
    await helper.close();
    expect(names()).toEqual(['shop/nkvm-backup-01a-1']); // the other one stays
  });

  it.each([
    ['a right is missing', refused, 'needs-action', /rolebinding .* -n shop/],
    ['the kubelet does not answer', unreachable(), 'transient', /kubelet/],
  ])('says why no command can be started: %s', async (_, error, failureClass, hint) => {
    const refusing: HelperCluster = { ...cluster, exec: () => Promise.reject(error) };
    const helper = await createHelper(refusing, 'shop', spec);
    await expect(helper.exec(['true'])).rejects.toMatchObject({
      stage: 'exec',
      reason: 'ExecRefused',
      message: expect.stringContaining(error.message),
      class: failureClass,
      hint: expect.stringMatching(hint),
    });
  });
});

const replaced = new StageError(
  'create',
  'ClusterReplaced',
  'the API server of cluster edge is that of another cluster than before',
  'add it under another name',
  'needs-action'
);

it('starts no command where the address leads to another cluster, and says that', async () => {
  const refusing: HelperCluster = { ...cluster, exec: () => Promise.reject(replaced) };
  const helper = await createHelper(refusing, 'shop', spec);
  await expect(helper.exec(['true'])).rejects.toBe(replaced);
});

it.each([
  ['it may not', refused],
  ['the address leads to another cluster', replaced],
])('deletes a pod by its UID, and says at once when %s', async (_, error) => {
  const { uid } = await createHelper(cluster, 'shop', spec);
  const asked: unknown[] = [];
  const { pods } = withPods({
    remove: async (...call) => {
      asked.push(call);
      throw error;
    },
  });
  await expect(removeHelper(pods, 'shop', 'nkvm-backup-01a-1', uid)).rejects.toMatchObject({
    stage: 'cleanup',
    reason: 'HelperLeft',
    message: expect.stringContaining(error.message),
  });
  expect(asked).toEqual([['shop', 'nkvm-backup-01a-1', { uid }]]);
});
