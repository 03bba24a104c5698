import { describe, expect, it } from 'vitest';
import type { Owner } from '../../../api/index.ts';
import { claim, controller, pod, workload } from '../../testing/cluster/testFacts.ts';
import type { ClaimFact, PodFact, WorkloadFact } from '../watch/facts.ts';
import { indexOwners, ownerOf, usersOf } from './owners.ts';

interface World {
  claim?: ClaimFact;
  pods?: PodFact[];
  workloads?: WorkloadFact[];
}

/** @returns `Kind/name` of every owner, or the reason why there is none. */
function ownersIn({ claim: of = claim('data'), pods = [], workloads = [] }: World): string {
  return textOf(ownerOf(of, indexOwners(pods, workloads)));
}

function textOf(owner: Owner): string {
  if (owner.kind === 'Unknown') return owner.reason;
  const owners = owner.kind === 'Single' ? [owner.owner] : owner.owners;
  return owners.map(({ kind, name }) => `${kind}/${name}`).join(' ');
}

const data = ['data'];
const NOBODY = 'no pod mounts it, and no workload of its namespace names it';

describe('from the pods that mount the claim', () => {
  it.each<[string, World, string]>([
    ['a bare pod owns it', { pods: [pod('box', { claims: data })] }, 'Pod/box'],
    [
      'a Deployment, by way of its ReplicaSet',
      {
        pods: [pod('web-1-x', { claims: data, owner: 'ReplicaSet/web-1' })],
        workloads: [
          workload('ReplicaSet/web-1', { owner: 'Deployment/web' }),
          workload('Deployment/web'),
        ],
      },
      'Deployment/web',
    ],
    [
      'a bare ReplicaSet',
      {
        pods: [pod('rs-x', { claims: data, owner: 'ReplicaSet/rs' })],
        workloads: [workload('ReplicaSet/rs')],
      },
      'ReplicaSet/rs',
    ],
    [
      'a StatefulSet',
      {
        pods: [pod('db-0', { claims: data, owner: 'StatefulSet/db' })],
        workloads: [workload('StatefulSet/db')],
      },
      'StatefulSet/db',
    ],
    [
      'a DaemonSet',
      {
        pods: [pod('agent-x', { claims: data, owner: 'DaemonSet/agent' })],
        workloads: [workload('DaemonSet/agent')],
      },
      'DaemonSet/agent',
    ],
    [
      'a Job, also when its pod has finished',
      {
        pods: [pod('import-x', { claims: data, owner: 'Job/import', phase: 'Succeeded' })],
        workloads: [workload('Job/import')],
      },
      'Job/import',
    ],
    [
      'a CronJob, by way of its Job',
      {
        pods: [pod('nightly-1-x', { claims: data, owner: 'Job/nightly-1', phase: 'Failed' })],
        workloads: [
          workload('Job/nightly-1', { owner: 'CronJob/nightly' }),
          workload('CronJob/nightly'),
        ],
      },
      'CronJob/nightly',
    ],
    [
      'a custom controller of pods, as the reference names it',
      { pods: [pod('pg-1', { claims: data, owner: 'postgresql.cnpg.io/v1 Cluster/pg' })] },
      'Cluster/pg',
    ],
    [
      'a custom controller above a ReplicaSet',
      {
        pods: [pod('web-1-x', { claims: data, owner: 'ReplicaSet/web-1' })],
        workloads: [workload('ReplicaSet/web-1', { owner: 'argoproj.io/v1alpha1 Rollout/web' })],
      },
      'Rollout/web',
    ],
    [
      'a custom controller above a StatefulSet',
      {
        pods: [pod('prom-0', { claims: data, owner: 'StatefulSet/prom' })],
        workloads: [
          workload('StatefulSet/prom', { owner: 'monitoring.coreos.com/v1 Prometheus/k8s' }),
        ],
      },
      'Prometheus/k8s',
    ],
    [
      'a custom kind that has the name of a built-in one is no missing Deployment',
      { pods: [pod('x', { claims: data, owner: 'example.com/v1 Deployment/web' })] },
      'Deployment/web',
    ],
    [
      'two pods of one Deployment are one owner',
      {
        pods: [
          pod('web-1-x', { claims: data, owner: 'ReplicaSet/web-1' }),
          pod('web-2-y', { claims: data, owner: 'ReplicaSet/web-2' }),
        ],
        workloads: [
          workload('ReplicaSet/web-1', { owner: 'Deployment/web' }),
          workload('ReplicaSet/web-2', { owner: 'Deployment/web' }),
          workload('Deployment/web', { claims: data }),
        ],
      },
      'Deployment/web',
    ],
    [
      'several owners are sorted by kind, then name',
      {
        pods: [
          pod('z', { claims: data }),
          pod('db-0', { claims: data, owner: 'StatefulSet/db' }),
          pod('a', { claims: data }),
        ],
        workloads: [workload('StatefulSet/db')],
      },
      'Pod/a Pod/z StatefulSet/db',
    ],
    [
      'a parent that is gone leaves the owner unknown',
      { pods: [pod('web-1-x', { claims: data, owner: 'ReplicaSet/web-1' })] },
      'ReplicaSet web-1, which owns Pod web-1-x, does not exist',
    ],
    [
      'a parent that is gone does not hide another owner',
      { pods: [pod('a', { claims: data, owner: 'ReplicaSet/old' }), pod('b', { claims: data })] },
      'Pod/b',
    ],
    [
      'a parent with the right name and another uid is not the parent',
      {
        pods: [
          pod('web-1-x', {
            claims: data,
            controller: { ...controller('ReplicaSet/web-1'), uid: 'old' },
          }),
        ],
        workloads: [workload('ReplicaSet/web-1')],
      },
      'ReplicaSet web-1, which owns Pod web-1-x, does not exist',
    ],
    [
      'owners that own each other',
      {
        pods: [pod('x', { claims: data, owner: 'Job/a' })],
        workloads: [workload('Job/a', { owner: 'Job/b' }), workload('Job/b', { owner: 'Job/a' })],
      },
      'the owners of Pod x form a cycle',
    ],
    [
      'a pod that owns itself',
      { pods: [pod('x', { claims: data, owner: 'Pod/x' })] },
      'the owners of Pod x form a cycle',
    ],
    ['a pod with other claims', { pods: [pod('x', { claims: ['data-2'] })] }, NOBODY],
    ['nobody', {}, NOBODY],
  ])('%s', (_, world, owners) => expect(ownersIn(world)).toBe(owners));
});

describe('from pod templates, while there is no pod', () => {
  it.each<[string, World, string]>([
    ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'].map(
      (kind): [string, World, string] => [
        `a ${kind}`,
        { workloads: [workload(`${kind}/w`, { claims: data })] },
        `${kind}/w`,
      ]
    ),
    [
      'two Deployments that share it',
      {
        workloads: [
          workload('Deployment/b', { claims: data }),
          workload('Deployment/a', { claims: data }),
        ],
      },
      'Deployment/a Deployment/b',
    ],
    [
      'one of two, while the other one runs',
      {
        pods: [pod('box', { claims: data })],
        workloads: [workload('Deployment/a', { claims: data })],
      },
      'Deployment/a Pod/box',
    ],
    [
      'a scaled-down custom controller, by way of its ReplicaSet',
      {
        workloads: [
          workload('ReplicaSet/web-1', { claims: data, owner: 'argoproj.io/v1alpha1 Rollout/web' }),
        ],
      },
      'Rollout/web',
    ],
    [
      'an old ReplicaSet does not speak for its Deployment',
      {
        workloads: [
          workload('ReplicaSet/web-1', { claims: data, owner: 'Deployment/web' }),
          workload('Deployment/web', { claims: ['data-2'] }),
        ],
      },
      NOBODY,
    ],
    [
      'a past Job does not speak for its CronJob',
      {
        workloads: [
          workload('Job/nightly-1', { claims: data, owner: 'CronJob/nightly' }),
          workload('CronJob/nightly'),
        ],
      },
      NOBODY,
    ],
  ])('%s', (_, world, owners) => expect(ownersIn(world)).toBe(owners));
});

describe('from volumeClaimTemplates', () => {
  const web = workload('StatefulSet/web', {
    claimTemplates: ['data'],
    matchLabels: { app: 'web' },
  });
  const webDb = workload('StatefulSet/web-db', {
    claimTemplates: ['data'],
    matchLabels: { app: 'web-db' },
  });
  const db = workload('StatefulSet/db', {
    claimTemplates: ['data-web'],
    matchLabels: { app: 'db' },
  });
  const of = (name: string, labels = {}): World => ({
    claim: claim(name, { labels }),
    workloads: [web, webDb],
  });

  it.each<[string, World, string]>([
    ['the first ordinal', of('data-web-0'), 'StatefulSet/web'],
    ['an ordinal beyond the replicas', of('data-web-117'), 'StatefulSet/web'],
    ['a set whose name begins with another one', of('data-web-db-0'), 'StatefulSet/web-db'],
    ['a name without an ordinal', of('data-web'), NOBODY],
    ['an ordinal that Kubernetes would not write', of('data-web-01'), NOBODY],
    ['something between set and ordinal', of('data-web-x-0'), NOBODY],
    ['another template', of('logs-web-0'), NOBODY],
    [
      'a set and its pods are one owner',
      {
        ...of('data-web-0'),
        pods: [pod('web-0', { claims: ['data-web-0'], owner: 'StatefulSet/web' })],
      },
      'StatefulSet/web',
    ],
    [
      'two sets that would give one name: the labels tell who made it',
      {
        claim: claim('data-web-db-0', { labels: { app: 'db', tier: 'x' } }),
        workloads: [webDb, db],
      },
      'StatefulSet/db',
    ],
    [
      'two sets that would give one name, and no labels',
      { claim: claim('data-web-db-0'), workloads: [webDb, db] },
      'StatefulSet/db StatefulSet/web-db',
    ],
    [
      'a set that belongs to a custom controller',
      {
        claim: claim('data-web-0'),
        workloads: [{ ...web, controller: controller('example.com/v1 Database/orders') }],
      },
      'Database/orders',
    ],
  ])('%s', (_, world, owners) => expect(ownersIn(world)).toBe(owners));
});

describe('from the claim itself', () => {
  const scratch = claim('box-scratch', { controller: controller('Pod/box') });

  it.each<[string, World, string]>([
    [
      'the pod of an ephemeral volume',
      { claim: scratch, pods: [pod('box', { ephemeralClaims: ['box-scratch'] })] },
      'Pod/box',
    ],
    [
      'the top above that pod',
      {
        claim: scratch,
        pods: [pod('box', { ephemeralClaims: ['box-scratch'], owner: 'Job/sort' })],
        workloads: [workload('Job/sort')],
      },
      'Job/sort',
    ],
    [
      'a claim that only looks like the one of an ephemeral volume',
      { claim: claim('box-scratch'), pods: [pod('box', { ephemeralClaims: ['box-scratch'] })] },
      NOBODY,
    ],
    [
      'a pod that is gone',
      { claim: scratch },
      'Pod box, which owns PersistentVolumeClaim box-scratch, does not exist',
    ],
    [
      'an operator that has put its pods to sleep',
      { claim: claim('pg-1', { controller: controller('postgresql.cnpg.io/v1 Cluster/pg') }) },
      'Cluster/pg',
    ],
    [
      'a pod that mounts it says more than the reference on the claim',
      {
        claim: claim('disk', { controller: controller('cdi.kubevirt.io/v1beta1 DataVolume/disk') }),
        pods: [
          pod('vm-x', { claims: ['disk'], owner: 'kubevirt.io/v1 VirtualMachineInstance/vm' }),
        ],
      },
      'VirtualMachineInstance/vm',
    ],
  ])('%s', (_, world, owners) => expect(ownersIn(world)).toBe(owners));
});

it('gives apiVersion, kind and name, and nothing else', () => {
  const index = indexOwners(
    [pod('x', { claims: data, owner: 'argoproj.io/v1alpha1 Rollout/web' })],
    []
  );
  expect(ownerOf(claim('data'), index)).toEqual({
    kind: 'Single',
    owner: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web' },
  });
});

describe('who uses the claim', () => {
  /** @returns each way from a user to the top, as `Kind/name > Kind/name (Kind/name above)`. */
  const usersIn = ({ pods = [], workloads = [] }: World): string[] =>
    usersOf(claim('data'), indexOwners(pods, workloads)).map(
      ({ chain, above }) =>
        chain.map(({ kind, name }) => `${kind}/${name}`).join(' > ') +
        (above ? ` (${above.kind}/${above.name} above)` : '')
    );

  it.each<[string, World, string[]]>([
    ['nobody', {}, []],
    [
      'a pod, by all its owners',
      {
        pods: [pod('web-1-x', { claims: data, owner: 'ReplicaSet/web-1' })],
        workloads: [
          workload('ReplicaSet/web-1', { owner: 'Deployment/web', claims: data }),
          workload('Deployment/web', { claims: data }),
        ],
      },
      ['Pod/web-1-x > ReplicaSet/web-1 > Deployment/web', 'Deployment/web'],
    ],
    [
      'a pod of a controller that the inventory does not read',
      { pods: [pod('db-0', { claims: data, owner: 'example.com/v1 Database/db' })] },
      ['Pod/db-0 (Database/db above)'],
    ],
    [
      'no pod that has finished',
      { pods: [pod('import-x', { claims: data, owner: 'Job/import', phase: 'Succeeded' })] },
      [],
    ],
    [
      'a set that is scaled to zero',
      { workloads: [workload('Deployment/web', { claims: data })] },
      ['Deployment/web'],
    ],
    [
      'owners in a circle, once each',
      {
        pods: [pod('x', { claims: data, owner: 'ReplicaSet/a' })],
        workloads: [
          workload('ReplicaSet/a', { owner: 'Deployment/b' }),
          workload('Deployment/b', { owner: 'ReplicaSet/a' }),
        ],
      },
      ['Pod/x > ReplicaSet/a > Deployment/b'],
    ],
  ])('%s', (_, world, expected) => {
    expect(usersIn(world)).toEqual(expected);
  });
});
