import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ApiFailure } from '../../sidecar/src/cluster/gateway/apiFailure.ts';
import type { Call, Gateway } from '../../sidecar/src/cluster/gateway/gateway.ts';
import { gatewayOf } from '../../sidecar/src/cluster/gateway/gateway.ts';
import { claimPodsOf } from '../../sidecar/src/cluster/inventory/claimPods.ts';
import type { ClusterInventory } from '../../sidecar/src/cluster/inventory/inventory.ts';
import { startInventory } from '../../sidecar/src/cluster/inventory/startInventory.ts';
import type { Workload, WorkloadKind } from '../../sidecar/src/cluster/inventory/workloads.ts';
import { workloadsOf } from '../../sidecar/src/cluster/inventory/workloads.ts';
import type { ClaimEvent } from '../../sidecar/src/cluster/writes/events.ts';
import type { PastRestore } from '../../sidecar/src/restore/scale/partHolder.ts';
import { NOTHING_WRITTEN } from '../../sidecar/src/restore/scale/partHolder.ts';
import type { Scaler } from '../../sidecar/src/restore/scale/scaler.ts';
import { scalerOf } from '../../sidecar/src/restore/scale/scalerOf.ts';
import type { ScaleLimits } from '../../sidecar/src/restore/scale/wait.ts';
import { until } from '../cluster/support/until.ts';
import { type Playground, startPlayground } from '../playground/playground.ts';
import { namespaceOf } from './drafts.ts';

const log = pino({ level: 'silent' });
const limits: ScaleLimits = {
  podsGoneMs: 10_000,
  afterGraceMs: 100,
  settleMs: 200,
  settleWithLoopMs: 400,
  lookEveryMs: 20,
};

const ANNOTATION = 'nkvm.io/restore';

let playground: Playground;
let gateway: Gateway;
let inventory: ClusterInventory;
/** Runs that have not ended. */
let underWay: Set<string>;
let restores: PastRestore[];
let events: ClaimEvent[];
/** Decides which calls fail. */
let fault: (call: Call) => Error | undefined | Promise<Error | undefined>;
let namespace: string;
let count = 0;

beforeAll(async () => {
  playground = await startPlayground();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(playground.kubeconfigFor('admin'));
  gateway = gatewayOf(kubeConfig);
  inventory = startInventory(gateway, { log });
  await inventory.ready(10_000);
});
afterAll(async () => {
  await inventory?.stop();
  gateway?.stop();
  await playground?.stop();
});
beforeEach(() => {
  namespace = `shop-${(count += 1)}`;
  playground.apply([namespaceOf(namespace)]);
  underWay = new Set(['r1']);
  restores = [];
  events = [];
  fault = () => undefined;
});

const workloads = () => workloadsOf(gateway);

/** @returns the scaler of a new process, without any memory. */
const newScaler = (change: Partial<ScaleLimits> = {}, installation = 'i1'): Scaler =>
  scalerOf({
    inventory,
    workloads: workloadsOf({
      async json<T>(call: Call): Promise<T> {
        const failure = await fault(call);
        if (failure) throw failure;
        return await gateway.json<T>(call);
      },
    }),
    readClaimPods: claimPodsOf(gateway),
    isOwnHelper: ({ name }) => name.startsWith('nkvm-'),
    installation,
    isUnderWay: run => underWay.has(run),
    restoresInto: () => restores,
    sendEvent: async event => {
      events.push(event);
      return { outcome: 'sent' };
    },
    log,
    now: () => new Date('2026-11-26T10:00:00Z'),
    limits: { ...limits, ...change },
  });

const template = (claim?: string, script = 'sleep 600') => ({
  metadata: { labels: { app: 'a' } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'main',
        image: 'busybox',
        command: ['sh', '-c', script],
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    ],
    ...(claim && { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }] }),
  },
});
const claimSpec = (mode = 'ReadWriteOnce') => ({
  accessModes: [mode],
  resources: { requests: { storage: '1Gi' } },
});
const claimNamed = (name: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace },
  spec: { ...claimSpec('ReadWriteMany'), storageClassName: 'immediate' },
});
const deployment = (name: string, claim: string, replicas = 2) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: { replicas, selector: { matchLabels: { app: 'a' } }, template: template(claim) },
});
const statefulSet = (name: string, replicas = 2) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name, namespace },
  spec: {
    replicas,
    serviceName: name,
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: { app: 'a' } },
    template: template(),
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claimSpec() }],
  },
});
const cronJob = (name: string, claim: string) => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name, namespace },
  spec: {
    schedule: '0 3 * * *',
    jobTemplate: { spec: { template: template(claim) } },
  },
});

const apply = async (claim: string, pods: number, ...objects: object[]) => {
  playground.apply(objects as never);
  await until(
    `${pods} pods use ${claim}`,
    () => inventory.podsOf(namespace, claim).length === pods && target(claim).uid !== '',
    20_000,
    20
  );
};
const target = (name: string) => ({
  namespace,
  name,
  uid: inventory.claim(namespace, name)?.uid ?? '',
});
const read = async (kind: WorkloadKind, name: string): Promise<Workload> => {
  const found = await workloads().get({ kind, namespace, name });
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
};
/** @returns the count, and the note where there is one. */
const stateOf = async (kind: WorkloadKind, name: string): Promise<string> => {
  const { replicas, isSuspended, annotations } = await read(kind, name);
  const note = annotations[ANNOTATION];
  return `${kind === 'CronJob' ? isSuspended : replicas}${note ? ` ${JSON.parse(note).run}` : ''}`;
};
const stops = () => ({ signal: new AbortController().signal });
/** What somebody else does to a workload, the note apart. */
const set = async (kind: WorkloadKind, name: string, replicas: number): Promise<void> => {
  const { namespace: where, annotations } = await read(kind, name);
  const path = `/apis/apps/v1/namespaces/${where}/${kind.toLowerCase()}s/${name}`;
  await gateway.json({ method: 'PATCH', path, body: { spec: { replicas } } });
  expect((await read(kind, name)).annotations).toEqual(annotations);
};
/** The inventory has seen what was changed. */
const noted = (many: number) =>
  until(
    `${many} notes are seen`,
    () => inventory.noted().filter(fact => fact.namespace === namespace).length === many,
    5_000,
    10
  );
const deploymentsOnly = () =>
  inventory.noted().filter(fact => fact.namespace === namespace && fact.kind !== 'ReplicaSet');

describe('the workloads of a claim', { timeout: 60_000 }, () => {
  it('are stopped, all of them, and set back to what they were', async () => {
    const claim = claimNamed('media');
    await apply(
      'media',
      3,
      ...[claim, deployment('web', 'media'), deployment('worker', 'media', 1)],
      ...[deployment('idle', 'media', 0), cronJob('nightly', 'media')]
    );
    const scaler = newScaler();
    const plan = await scaler.workloadsOf(target('media'));
    expect(plan.map(({ kind, name, replicas, action }) => [kind, name, replicas, action])).toEqual(
      expect.arrayContaining([
        ['Deployment', 'web', 2, 'scale'],
        ['Deployment', 'worker', 1, 'scale'],
        ['Deployment', 'idle', 0, 'none'],
        ['CronJob', 'nightly', null, 'suspend'],
      ])
    );
    expect(plan.every(({ obstacle }) => obstacle === null)).toBe(true);

    const said: string[] = [];
    const scaled = await scaler.scaleDown(target('media'), 'r1', {
      ...stops(),
      onProgress: message => said.push(message),
    });
    expect(await stateOf('Deployment', 'web')).toBe('0 r1');
    expect(await stateOf('Deployment', 'idle')).toBe('0');
    expect(await stateOf('CronJob', 'nightly')).toBe('true r1');
    expect(inventory.podsOf(namespace, 'media')).toEqual([]);
    expect(scaled.message).toContain(`Deployment ${namespace}/web (2 replicas)`);
    expect(said[0]).toContain('waiting until its pods are gone');
    expect(await scaled.stillDown()).toBeUndefined();

    const up = await scaler.scaleUp('r1', NOTHING_WRITTEN);
    expect(up.left).toEqual([]);
    expect(await stateOf('Deployment', 'web')).toBe('2');
    expect(await stateOf('Deployment', 'worker')).toBe('1');
    expect(await stateOf('CronJob', 'nightly')).toBe('false');
    expect((await scaler.scaleUp('r1', NOTHING_WRITTEN)).message).toBe(
      'nothing had to be set back'
    );
  });

  it('of a StatefulSet come back with their count', async () => {
    await apply('data-db-1', 1, statefulSet('db'));
    const scaler = newScaler();
    await scaler.scaleDown(target('data-db-1'), 'r1', stops());
    expect(await stateOf('StatefulSet', 'db')).toBe('0 r1');
    await scaler.scaleUp('r1', NOTHING_WRITTEN);
    expect(await stateOf('StatefulSet', 'db')).toBe('2');
  });

  it('are refused where they cannot be stopped, and nothing is stopped', async () => {
    const daemon = { ...deployment('agent', 'media'), kind: 'DaemonSet' };
    await apply(
      'media',
      4,
      ...[claimNamed('media'), deployment('web', 'media', 1)],
      { ...daemon, spec: { selector: daemon.spec.selector, template: template('media') } },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'box', namespace },
        spec: template('media').spec,
      }
    );
    await expect(newScaler().scaleDown(target('media'), 'r1', stops())).rejects.toMatchObject({
      reason: 'WorkloadNotStoppable',
      message: expect.stringMatching(/Pod box.*DaemonSet agent|DaemonSet agent.*Pod box/),
    });
    expect(await stateOf('Deployment', 'web')).toBe('1');
  });

  it('of another restore are refused, and those that were stopped already come back', async () => {
    underWay.add('r2');
    await apply(
      'media',
      2,
      claimNamed('media'),
      deployment('a', 'media', 1),
      deployment('b', 'media', 1)
    );
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/b`;
    const note = JSON.stringify({ run: 'r2', installation: 'i1', claim: 'x', replicas: 1 });
    await gateway.json({
      ...{ method: 'PATCH', path },
      body: { metadata: { annotations: { [ANNOTATION]: note } } },
    });
    await expect(newScaler().scaleDown(target('media'), 'r1', stops())).rejects.toMatchObject({
      reason: 'WorkloadNotStoppable',
      message: expect.stringContaining('restore r2 has stopped it for claim x'),
    });
    expect(await stateOf('Deployment', 'a')).toBe('1');
    expect(await stateOf('Deployment', 'b')).toBe('1 r2');
  });

  it('that may not be changed are named, with the command that allows it', async () => {
    await apply('media', 1, claimNamed('media'), deployment('web', 'media', 1));
    const message =
      'deployments.apps "web" is forbidden: User "x" cannot patch resource "deployments"';
    fault = ({ method }) =>
      method === 'PATCH'
        ? new ApiFailure(message, { kind: 'refused', class: 'needs-action', status: 403 })
        : undefined;
    await expect(newScaler().scaleDown(target('media'), 'r1', stops())).rejects.toMatchObject({
      reason: 'WorkloadNotStopped',
      hint: expect.stringContaining(`kubectl create rolebinding nkvm-restore -n ${namespace}`),
    });
  });

  it('that another restore stops in the same moment are left to it', async () => {
    underWay.add('r2');
    await apply('media', 2, claimNamed('media'), deployment('web', 'media'));
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
    const note = JSON.stringify({ run: 'r2', installation: 'i1', claim: 'x', replicas: 2 });
    const body = { metadata: { annotations: { [ANNOTATION]: note } }, spec: { replicas: 0 } };
    let patches = 0;
    fault = async ({ method }) => {
      if (method !== 'PATCH' || (patches += 1) > 1) return undefined;
      await gateway.json({ method, path, body });
      return new ApiFailure('changed', { kind: 'conflict', class: 'transient', status: 409 });
    };
    await expect(newScaler().scaleDown(target('media'), 'r1', stops())).rejects.toMatchObject({
      reason: 'WorkloadInRestore',
      message: expect.stringContaining('was stopped by restore r2 for claim x'),
    });
    expect(await stateOf('Deployment', 'web')).toBe('0 r2');
  });

  it('whose pods do not end are named, and come back', async () => {
    const stubborn = deployment('web', 'media', 1);
    stubborn.spec.template = template('media', "trap '' TERM; while :; do sleep 0.1; done");
    stubborn.spec.template.spec.terminationGracePeriodSeconds = 3;
    await apply('media', 1, claimNamed('media'), stubborn);
    const [pod] = inventory.podsOf(namespace, 'media');
    // Given up before its grace is over, and not after.
    const scaler = newScaler({ podsGoneMs: 500, afterGraceMs: -2_500 });
    const scaling = scaler.scaleDown(target('media'), 'r1', stops());
    await expect(scaling).rejects.toMatchObject({
      reason: 'PodsStay',
      message: expect.stringMatching(
        `still in use 0.5 s after .* pod ${pod?.name} of ReplicaSet web-.*, which is terminating`
      ),
    });
    expect(await stateOf('Deployment', 'web')).toBe('1');
  });

  it('come back when the restore is cancelled meanwhile', async () => {
    await apply('media', 2, claimNamed('media'), deployment('web', 'media'));
    const cancelling = new AbortController();
    const scaling = newScaler({ settleMs: 60_000 }).scaleDown(target('media'), 'r1', {
      signal: cancelling.signal,
      onProgress: () => cancelling.abort('cancelled'),
    });
    await expect(scaling).rejects.toBe('cancelled');
    expect(await stateOf('Deployment', 'web')).toBe('2');
  });
});

describe('somebody else’s loop', { timeout: 60_000 }, () => {
  it('that scales back is noticed before anything is written, and wins', async () => {
    await apply('media', 2, claimNamed('media'), deployment('web', 'media'));
    const loop = setInterval(() => void set('Deployment', 'web', 2).catch(() => undefined), 100);
    onTestFinished(() => clearInterval(loop));
    await expect(
      newScaler({ settleMs: 2_000 }).scaleDown(target('media'), 'r1', stops())
    ).rejects.toMatchObject({
      reason: 'ScaledBack',
      message: expect.stringContaining(`Deployment ${namespace}/web was set back to 2 replicas`),
    });
    clearInterval(loop);
    expect(await stateOf('Deployment', 'web')).toBe('2');
  });

  it('that scales back later ends the restore, and its count stays', async () => {
    await apply('media', 2, claimNamed('media'), deployment('web', 'media'));
    const scaler = newScaler();
    const { stillDown } = await scaler.scaleDown(target('media'), 'r1', stops());
    await set('Deployment', 'web', 1);
    expect(await stillDown()).toMatchObject({ reason: 'ScaledBack' });
    const up = await scaler.scaleUp('r1', NOTHING_WRITTEN);
    expect(up.notes[0]).toContain('was set to 1 replica by another client');
    expect(await stateOf('Deployment', 'web')).toBe('1');
  });

  it('that starts another pod ends the restore', async () => {
    await apply('media', 1, claimNamed('media'), deployment('web', 'media', 1));
    const scaler = newScaler();
    const { stillDown } = await scaler.scaleDown(target('media'), 'r1', stops());
    await apply('media', 1, deployment('other', 'media', 1));
    expect(await stillDown()).toMatchObject({
      reason: 'ClaimInUse',
      message: expect.stringContaining('of ReplicaSet other-'),
    });
    await scaler.scaleUp('r1', NOTHING_WRITTEN);
    expect(await stateOf('Deployment', 'other')).toBe('1');
  });

  it('that starts another pod meanwhile is named at once', async () => {
    await apply('media', 1, claimNamed('media'), deployment('web', 'media', 1));
    const scaling = newScaler({ settleMs: 8_000 }).scaleDown(target('media'), 'r1', stops());
    const refused = expect(scaling).rejects.toMatchObject({
      reason: 'ClaimInUse',
      message: expect.stringContaining('of Deployment other'),
    });
    await until(
      'it is stopped',
      async () => (await stateOf('Deployment', 'web')) === '0 r1',
      5_000
    );
    playground.apply([deployment('other', 'media', 1)] as never);
    await refused;
    expect(await stateOf('Deployment', 'web')).toBe('1');
  });

  it('is not our own helper', async () => {
    await apply('media', 1, claimNamed('media'), deployment('web', 'media', 1));
    const { stillDown } = await newScaler().scaleDown(target('media'), 'r1', stops());
    await apply('media', 1, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'nkvm-helper', namespace },
      spec: template('media').spec,
    });
    expect(await stillDown()).toBeUndefined();
  });
});

describe('after a crash', { timeout: 60_000 }, () => {
  const stopped = async () => {
    await apply('media', 2, claimNamed('media'), deployment('web', 'media'));
    await newScaler().scaleDown(target('media'), 'r1', stops());
    await until('the note is seen', () => deploymentsOnly().length === 1, 5_000, 10);
  };

  it('the workloads of a run that is tried again stay stopped, with the first count', async () => {
    await stopped();
    const again = newScaler();
    await again.recover();
    expect(await stateOf('Deployment', 'web')).toBe('0 r1');
    await again.scaleDown(target('media'), 'r1', stops());
    await again.scaleUp('r1', NOTHING_WRITTEN);
    expect(await stateOf('Deployment', 'web')).toBe('2');
  });

  it('those of a run that has ended, or is not known, are set back', async () => {
    await stopped();
    underWay.clear();
    const again = newScaler();
    await again.recover();
    expect(await stateOf('Deployment', 'web')).toBe('2');
    await again.recover();
    expect(await stateOf('Deployment', 'web')).toBe('2');
    expect(again.problems()).toEqual([]);
  });

  it('the next restore takes over what one that ended has left, with its count', async () => {
    await stopped();
    underWay = new Set(['r2']);
    const again = newScaler();
    await again.scaleDown(target('media'), 'r2', stops());
    expect(await stateOf('Deployment', 'web')).toBe('0 r2');
    await again.scaleUp('r2', NOTHING_WRITTEN);
    expect(await stateOf('Deployment', 'web')).toBe('2');
  });

  it('those of a claim that holds a part of an archive stay stopped until it is whole', async () => {
    await stopped();
    underWay.clear();
    const part = { hasWritten: true, isWhole: true, isProven: false };
    restores = [{ id: 'r1', ...part }];
    const again = newScaler();
    await again.recover();
    await again.recover();
    expect(await stateOf('Deployment', 'web')).toBe('0 r1');
    expect(again.problems()[0]).toMatch(
      /^Deployment shop-\d+\/web stays stopped, because claim media holds a part of what restore r1 was to write\./
    );
    expect(again.problems()[0]).toContain(
      `To start it on the present data: kubectl scale deployment web -n ${namespace} --replicas 2`
    );
    expect(events).toMatchObject([{ claim: target('media'), reason: 'WorkloadStopped' }]);

    // An undo that ends before it writes leaves them as they are, and one that is proven sets them back.
    for (const [run, ended, expected] of [
      ['r2', NOTHING_WRITTEN, '0 r2'],
      ['r3', { ...part, isProven: true }, '2'],
    ] as const) {
      underWay = new Set([run]);
      restores = [{ id: run, ...NOTHING_WRITTEN }, ...restores];
      await again.scaleDown(target('media'), run, stops());
      await again.scaleUp(run, ended);
      expect(await stateOf('Deployment', 'web')).toBe(expected);
    }
    expect(again.problems()).toEqual([]);
  });

  it('a person can start them all the same', async () => {
    await stopped();
    underWay.clear();
    restores = [{ id: 'r1', hasWritten: true, isWhole: true, isProven: false }];
    await set('Deployment', 'web', 2);
    await newScaler().recover();
    expect(await stateOf('Deployment', 'web')).toBe('2');
  });

  it('those of another installation are left alone', async () => {
    await stopped();
    underWay.clear();
    await newScaler({}, 'i2').recover();
    expect(await stateOf('Deployment', 'web')).toBe('0 r1');
  });

  it('a count that somebody has set meanwhile stays', async () => {
    await stopped();
    underWay.clear();
    await set('Deployment', 'web', 5);
    await newScaler().recover();
    expect(await stateOf('Deployment', 'web')).toBe('5');
  });

  it('what cannot be set back is said, on the claim too, and tried again', async () => {
    await stopped();
    underWay.clear();
    const again = newScaler();
    fault = ({ method }) =>
      method === 'PATCH'
        ? new ApiFailure('you may not', { kind: 'refused', class: 'needs-action', status: 403 })
        : undefined;
    await again.recover();
    await again.recover();
    expect(again.problems()).toEqual([
      expect.stringContaining(
        `Deployment ${namespace}/web is still stopped: it could not be set back to 2 replicas (you may not)`
      ),
    ]);
    expect(again.problems()[0]).toContain(
      `kubectl scale deployment web -n ${namespace} --replicas 2`
    );
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      claim: target('media'),
      type: 'Warning',
      reason: 'WorkloadStopped',
    });
    fault = () => undefined;
    await again.recover();
    expect(await stateOf('Deployment', 'web')).toBe('2');
    expect(again.problems()).toEqual([]);
  });

  it('a change whose answer was lost is not made twice', async () => {
    await apply('media', 2, claimNamed('media'), deployment('web', 'media'));
    let lost = 0;
    const scaler = newScaler();
    fault = async call => {
      if (call.method !== 'PATCH' || lost > 0) return undefined;
      lost += 1;
      // Carried out, and its answer lost: the second try of the same call meets a conflict.
      await gateway.json(call);
      return new ApiFailure('changed', { kind: 'conflict', class: 'transient', status: 409 });
    };
    await scaler.scaleDown(target('media'), 'r1', stops());
    expect(lost).toBe(1);
    await scaler.scaleUp('r1', NOTHING_WRITTEN);
    expect(await stateOf('Deployment', 'web')).toBe('2');
  });
});

it('leaves no note behind, on no workload', async () => {
  await apply('media', 2, claimNamed('media'), deployment('web', 'media'));
  const scaler = newScaler();
  await scaler.scaleDown(target('media'), 'r1', stops());
  await scaler.scaleUp('r1', NOTHING_WRITTEN);
  underWay.clear();
  await scaler.recover();
  await noted(0);
});
