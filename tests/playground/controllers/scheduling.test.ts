import { describe, expect, it } from 'vitest';
import type { Claim, Node, Pod, StorageClass, Volume } from '../store/object.ts';
import { type ClusterFacts, type Decision, schedule } from './scheduling.ts';

const node = (name: string, spec = {}): Node =>
  ({
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec,
    status: {},
  } as unknown as Node);

const pod = (spec: object = {}, name = 'new'): Pod =>
  ({
    metadata: { name, uid: name, namespace: 'shop' },
    spec: { containers: [], ...spec },
    status: { phase: 'Running' },
  } as unknown as Pod);

const using = (claim: string, more = {}) => ({
  volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }],
  ...more,
});

const claim = (
  name: string,
  more: { phase?: string; volume?: string; mode?: string; class?: string } = {}
): Claim =>
  ({
    metadata: { name, namespace: 'shop' },
    spec: {
      accessModes: [more.mode ?? 'ReadWriteOnce'],
      storageClassName: more.class ?? 'fast',
      volumeName: more.volume,
    },
    status: { phase: more.phase ?? 'Bound' },
  } as unknown as Claim);

const volumeOn = (name: string, value: string): Volume =>
  ({
    metadata: { name },
    spec: {
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: 'kubernetes.io/hostname', operator: 'In', values: [value] },
              ],
            },
          ],
        },
      },
    },
  } as unknown as Volume);

const fast = {
  metadata: { name: 'fast' },
  volumeBindingMode: 'WaitForFirstConsumer',
} as unknown as StorageClass;

const world = (more: Partial<ClusterFacts> = {}): ClusterFacts => ({
  nodes: [node('a'), node('b')],
  pods: [],
  claims: [],
  volumes: [],
  storageClasses: [fast],
  ...more,
});

const onField = (name: string) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] },
        ],
      },
    },
  },
});

const PREEMPTION =
  '. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.';
const none = (why: string): Decision => ({ message: `0/2 nodes are available: ${why}` });
const on = (name: string, ...toBind: string[]): Decision => ({ node: name, toBind });

describe('the scheduler', () => {
  it.each<[string, Pod, ClusterFacts, Decision]>([
    ['takes the emptier node', pod(), world({ pods: [pod({ nodeName: 'a' }, 'old')] }), on('b')],
    ['takes the node that is named', pod(onField('b')), world(), on('b')],
    [
      'finds no node of that name',
      pod(onField('c')),
      world(),
      none(`2 node(s) didn't satisfy plugin(s) [NodeAffinity]${PREEMPTION}`),
    ],
    [
      'finds no node with that label',
      pod({ nodeSelector: { x: 'y' } }),
      world(),
      none(`2 node(s) didn't match Pod's node affinity/selector${PREEMPTION}`),
    ],
    [
      'goes round a cordoned node',
      pod(),
      world({ nodes: [node('a', { unschedulable: true }), node('b')] }),
      on('b'),
    ],
    [
      'takes a cordoned node where the pod tolerates it',
      pod({ ...onField('a'), tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }] }),
      world({ nodes: [node('a', { unschedulable: true }), node('b')] }),
      on('a'),
    ],
    [
      'counts the reasons against the nodes, sorted',
      pod(onField('a')),
      world({ nodes: [node('a', { unschedulable: true }), node('b')] }),
      none(
        `1 node(s) didn't satisfy plugin(s) [NodeAffinity], 1 node(s) were unschedulable${PREEMPTION}`
      ),
    ],
    [
      'names the claim that is not there',
      pod(using('orders')),
      world(),
      none('persistentvolumeclaim "orders" not found. not found'),
    ],
    [
      'has a claim that waits bound first',
      pod(using('orders')),
      world({ claims: [claim('orders', { phase: 'Pending' })] }),
      on('a', 'orders'),
    ],
    [
      'waits for a claim that does not wait for it',
      pod(using('orders')),
      world({ claims: [claim('orders', { phase: 'Pending', class: 'immediate' })] }),
      none('pod has unbound immediate PersistentVolumeClaims. not found'),
    ],
    [
      'follows the volume',
      pod(using('orders')),
      world({
        pods: [pod({ nodeName: 'b' }, 'old')],
        claims: [claim('orders', { volume: 'v' })],
        volumes: [volumeOn('v', 'b')],
      }),
      on('b'),
    ],
    [
      'refuses another node than the volume’s',
      pod(using('orders', onField('a'))),
      world({ claims: [claim('orders', { volume: 'v' })], volumes: [volumeOn('v', 'b')] }),
      none(
        `1 node(s) didn't match PersistentVolume's node affinity, 1 node(s) didn't satisfy plugin(s) [NodeAffinity]${PREEMPTION}`
      ),
    ],
    [
      'refuses a claim for one pod that another has',
      pod(using('orders')),
      world({
        pods: [pod(using('orders', { nodeName: 'a' }), 'old')],
        claims: [claim('orders', { mode: 'ReadWriteOncePod', volume: 'v' })],
        volumes: [volumeOn('v', 'a')],
      }),
      none(
        '2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another ' +
          'pod. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for ' +
          'incoming pod.'
      ),
    ],
  ])('%s', (_, given, facts, expected) => expect(schedule(given, facts)).toEqual(expected));
});
