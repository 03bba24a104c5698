import { expect, it } from 'vitest';
import type { Claim, ClaimPod } from '../../cluster/inventory/inventory.ts';
import type { NodeFact, TaintFact } from '../../cluster/watch/facts.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { readerNode, troubleAt, writerNode } from './helperNode.ts';

const node = (name: string, change: Partial<NodeFact> = {}): NodeFact => ({
  ...{ name, labels: {}, unschedulable: false, ready: true },
  ...change,
});
const nodes = [node('a'), node('b'), node('lost', { ready: false })];
const pod = (on: string | null, change: Partial<ClaimPod> = {}): ClaimPod => ({
  ...{ name: 'orders-0', phase: 'Running', node: on },
  ...change,
});
/** A volume whose PersistentVolume can be used where `key` has one value; the cluster has one such node. */
const bound = (key: string): Partial<Claim> => ({
  node: 'a',
  nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['x'] }] }],
});
const local = bound('kubernetes.io/hostname');
const isTerminating = { terminating: true } as const;

it.each<[string, Partial<Claim>, string | null]>([
  ['a volume that nothing uses', {}, null],
  ['a local volume that nothing uses', local, 'a'],
  ['a local volume of a CSI driver', bound('topology.hostpath.csi/node'), 'a'],
  [
    'a local volume that names its node',
    {
      node: 'a',
      nodeSelectorTerms: [
        { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] },
      ],
    },
    'a',
  ],
  ['a local volume for many readers', { ...local, accessModes: ['ReadWriteMany'] }, 'a'],
  ['a volume of a zone, which has one node now', bound('topology.kubernetes.io/zone'), null],
  ['a volume of a zone, as a driver calls it', bound('topology.ebs.csi.aws.com/zone'), null],
  ['a volume of a region', bound('topology.kubernetes.io/region'), null],
  ['a volume of a zone, in use', { ...bound('topology.gke.io/zone'), pods: [pod('b')] }, 'b'],
  ['a volume in use', { pods: [pod('b')] }, 'b'],
  ['a volume in use on a node that is not ready', { pods: [pod('lost')] }, 'lost'],
  ['a volume whose pod ends on a healthy node', { pods: [pod('b', isTerminating)] }, 'b'],
  ['a volume whose pod ends on a lost node', { pods: [pod('lost', isTerminating)] }, null],
  ['a volume whose pod ends on a node that is gone', { pods: [pod('z', isTerminating)] }, null],
  [
    'a volume whose pod moves',
    { pods: [pod('lost', isTerminating), pod('b', { name: 'z', phase: 'Pending' })] },
    'b',
  ],
  ['a volume for many nodes, in use', { accessModes: ['ReadWriteMany'], pods: [pod('b')] }, null],
])('a reader of %s', (_, change, expected) => {
  expect(readerNode(testClaim(change), nodes)).toEqual({ node: expected, tolerations: [] });
});

it('is let onto the node by the taints that people set, and by no other', () => {
  const taints: TaintFact[] = [
    { key: 'dedicated', value: 'db', effect: 'NoExecute' },
    { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
  ];
  const place = {
    node: 'a',
    tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'db', effect: 'NoExecute' }],
  };
  expect(readerNode(testClaim(local), [node('a', { taints })])).toEqual(place);
  expect(writerNode(testClaim(local), [node('a', { taints })])).toEqual(place);
  expect(writerNode(testClaim(), [node('a', { taints })])).toEqual({ node: null, tolerations: [] });
});

it.each<[string, string | null, string | undefined]>([
  ['anywhere', null, undefined],
  ['a healthy node', 'a', undefined],
  ['a node that is not ready', 'lost', 'it is not ready'],
  ['a node that is not known', 'z', undefined],
])('knows whether a helper can be at %s', (_, name, expected) => {
  expect(troubleAt(name, nodes)).toBe(expected);
});
