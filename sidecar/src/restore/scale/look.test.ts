import { describe, expect, it } from 'vitest';
import { RESTORE_ANNOTATION } from '../../../api/index.ts';
import { indexOwners, usersOf } from '../../cluster/inventory/owners.ts';
import type { Workload } from '../../cluster/inventory/workloads.ts';
import type { PodFact, WorkloadFact } from '../../cluster/watch/facts.ts';
import { claim, pod, workload } from '../../testing/cluster/testFacts.ts';
import { testWorkload } from '../../testing/cluster/testWorkload.ts';
import { noteOf } from './intent.ts';
import { culpritsOf, stopOf } from './look.ts';

const data = ['data-db-0'];
const set = { claimTemplates: ['data'] };

describe('whom to stop', () => {
  /** @returns `Kind/name` of each to be looked at, and `Kind/name!` of each that is out of reach. */
  const culprits = (pods: PodFact[], workloads: WorkloadFact[]): string[] =>
    culpritsOf(usersOf(claim('data-db-0'), indexOwners(pods, workloads))).map(culprit =>
      'ref' in culprit
        ? `${culprit.ref.kind}/${culprit.ref.name}`
        : `${culprit.blocked.kind}/${culprit.blocked.name}!`
    );

  it.each<[string, PodFact[], WorkloadFact[], string[]]>([
    ['nobody', [], [], []],
    [
      'a Deployment, once, for its pods and its template',
      [
        pod('web-1-x', { claims: data, owner: 'ReplicaSet/web-1' }),
        pod('web-1-y', { claims: data, owner: 'ReplicaSet/web-1' }),
      ],
      [
        workload('ReplicaSet/web-1', { owner: 'Deployment/web', claims: data }),
        workload('Deployment/web', { claims: data }),
      ],
      ['Deployment/web'],
    ],
    [
      'a StatefulSet',
      [pod('db-0', { claims: data, owner: 'StatefulSet/db' })],
      [workload('StatefulSet/db', set)],
      ['StatefulSet/db'],
    ],
    [
      'a ReplicaSet without an owner',
      [pod('rs-x', { claims: data, owner: 'ReplicaSet/rs' })],
      [workload('ReplicaSet/rs', { claims: data })],
      ['ReplicaSet/rs'],
    ],
    [
      'a CronJob for its Jobs',
      [pod('nightly-1-x', { claims: data, owner: 'Job/nightly-1' })],
      [
        workload('Job/nightly-1', { owner: 'CronJob/nightly' }),
        workload('CronJob/nightly', { claims: data }),
      ],
      ['CronJob/nightly'],
    ],
    ['a Job', [pod('i-x', { claims: data, owner: 'Job/i' })], [workload('Job/i')], ['Job/i']],
    [
      'a DaemonSet',
      [pod('agent-x', { claims: data, owner: 'DaemonSet/agent' })],
      [workload('DaemonSet/agent')],
      ['DaemonSet/agent'],
    ],
    ['a pod of nobody', [pod('box', { claims: data })], [], ['Pod/box!']],
    [
      'pods of an operator, in the operator’s name',
      [
        pod('pg-1', { claims: data, owner: 'postgresql.cnpg.io/v1 Cluster/pg' }),
        pod('pg-2', { claims: data, owner: 'postgresql.cnpg.io/v1 Cluster/pg' }),
      ],
      [],
      ['Cluster/pg!'],
    ],
    [
      'a ReplicaSet of a Rollout, in the Rollout’s name',
      [pod('r-1-x', { claims: data, owner: 'ReplicaSet/r-1' })],
      [workload('ReplicaSet/r-1', { owner: 'argoproj.io/v1alpha1 Rollout/r' })],
      ['Rollout/r!'],
    ],
    [
      'the StatefulSet of an operator itself',
      [pod('db-0', { claims: data, owner: 'StatefulSet/db' })],
      [workload('StatefulSet/db', { ...set, owner: 'monitoring.coreos.com/v1 Prometheus/k8s' })],
      ['StatefulSet/db'],
    ],
    [
      'all owners of a shared claim',
      [pod('box', { claims: data }), pod('i-x', { claims: data, owner: 'Job/i' })],
      [
        workload('Job/i'),
        workload('Deployment/web', { claims: data }),
        workload('CronJob/c', { claims: data }),
      ],
      ['Pod/box!', 'Job/i', 'Deployment/web', 'CronJob/c'],
    ],
    [
      'a pod whose ReplicaSet is gone',
      [pod('rs-x', { claims: data, owner: 'ReplicaSet/rs' })],
      [],
      ['Pod/rs-x!'],
    ],
  ])('%s', (_, pods, workloads, expected) => expect(culprits(pods, workloads)).toEqual(expected));
});

describe('what happens to a workload', () => {
  const note = (change = {}) => ({
    annotations: {
      [RESTORE_ANNOTATION]: noteOf({
        ...{ run: 'r1', installation: 'i1', claim: 'other', claimUid: 'u' },
        was: { replicas: 3 },
        ...change,
      }),
    },
  });

  /** @returns `action count: obstacle`. */
  const planned = (change: Partial<Workload>, hasPods = true): string => {
    const workload = testWorkload(change);
    const { kind, namespace, name, uid } = workload;
    const stop = stopOf({
      workload,
      culprit: { ref: { kind, namespace, name }, uid, claims: [], hasPods },
      claim: 'data-db-0',
      autoscalers: [],
      runId: undefined,
      installation: 'i1',
      isUnderWay: run => run === 'r1',
    });
    if (!stop) return 'no harm';
    const { action, replicas, obstacle } = stop.plan;
    return `${action} ${replicas}${obstacle ? `: ${obstacle}` : ''}`;
  };
  const statefulSet = { kind: 'StatefulSet', name: 'db' } as const;
  const cronJob = { kind: 'CronJob', replicas: undefined } as const;

  it.each<[string, Partial<Workload>, boolean, string | RegExp]>([
    ['a Deployment is scaled down', {}, true, 'scale 2'],
    ['one that is stopped already stays so', { replicas: 0 }, true, 'none 0'],
    ['a CronJob is suspended', cronJob, true, 'suspend null'],
    [
      'a CronJob’s running Job is waited for',
      { ...cronJob, activeJobs: ['n-1'] },
      true,
      /^suspend null: its Job n-1 is running/,
    ],
    ['a suspended CronJob stays so', { ...cronJob, isSuspended: true }, true, 'none null'],
    ['a Job that is over does no harm', { kind: 'Job', isOver: true }, true, 'no harm'],
    [
      'a running Job blocks',
      { kind: 'Job', replicas: undefined },
      true,
      /^none null: it is running/,
    ],
    [
      'a DaemonSet blocks',
      { kind: 'DaemonSet', replicas: undefined },
      true,
      /^none null: a DaemonSet/,
    ],
    [
      'one that is being deleted blocks',
      { isTerminating: true },
      true,
      /^none 2: it is being deleted/,
    ],
    [
      'a set that would take its claims with it blocks',
      { ...statefulSet, deletesClaims: true },
      true,
      /^none 2: scaling it down would delete its claims/,
    ],
    ['a set is scaled down before it has made its pod', statefulSet, false, 'scale 2'],
    [
      'a set whose pods have other numbers stays as it is',
      { ...statefulSet, firstOrdinal: 1 },
      false,
      'none 2',
    ],
    ['a set that was scaled down stays as it is', { ...statefulSet, replicas: 0 }, false, 'none 0'],
    [
      'one of a restore under way blocks',
      { replicas: 0, ...note() },
      true,
      /^none 3: restore r1 has stopped it for claim other/,
    ],
    [
      'one that a restore has left is set back to the recorded count',
      { replicas: 0, ...note({ run: 'r0' }) },
      true,
      'scale 3',
    ],
    [
      'one of another installation blocks',
      { replicas: 0, ...note({ installation: 'i2' }) },
      true,
      /^none 0: restore r1 of another installation/,
    ],
    [
      'one with a strange note blocks',
      { annotations: { [RESTORE_ANNOTATION]: '?' } },
      true,
      /^none 2: its annotation/,
    ],
  ])('%s', (_, workload, hasPods, expected) => {
    const text = planned(workload, hasPods);
    if (typeof expected === 'string') expect(text).toBe(expected);
    else expect(text).toMatch(expected);
  });
});
