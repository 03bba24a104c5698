import { expect, it } from 'vitest';
import type { Pod } from '../../cluster/gateway/pods.ts';
import type { NodeFact, TaintFact } from '../../cluster/watch/facts.ts';
import { waitForNode } from './waitForNode.ts';

const node = (name: string, change: Partial<NodeFact> = {}): NodeFact => ({
  ...{ name, labels: {}, unschedulable: false, ready: true },
  ...change,
});
const dedicated: TaintFact = { key: 'dedicated', value: 'db', effect: 'NoSchedule' };
const TAINTED = '0/2 nodes are available: 2 node(s) had untolerated taint(s)';

/** @param only the node that it must run on */
const pod = (message: string, only?: string): Pod => ({
  metadata: { namespace: 'shop', name: 'nkvm-backup-1' },
  spec: {
    containers: [],
    ...(only && {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchFields: [{ key: 'metadata.name', operator: 'In', values: [only] }] },
            ],
          },
        },
      },
    }),
  },
  status: { conditions: [{ type: 'PodScheduled', status: 'False', message }] },
});

it.each<[string, Pod, NodeFact[], string, RegExp, RegExp]>([
  [
    'no node has room',
    pod('0/2 nodes are available: 2 Insufficient cpu'),
    [node('a')],
    'NoNode',
    /cannot be scheduled: 0\/2 nodes are available: 2 Insufficient cpu/,
    /make room/,
  ],
  [
    'the only node is not ready',
    pod(TAINTED, 'b'),
    [node('a'), node('b', { ready: false })],
    'NodeNotReady',
    /waits for node b, the only one that can use the volume: it is not ready/,
    /kubectl describe node b/,
  ],
  [
    'the only node is being deleted',
    pod(TAINTED, 'b'),
    [node('b', { terminating: true })],
    'NodeNotReady',
    /it is being deleted/,
    /kubectl describe node b/,
  ],
  [
    'the only node is fine, and full',
    pod('0/2 nodes are available: 1 Insufficient memory', 'b'),
    [node('b')],
    'NoNode',
    /Insufficient memory/,
    /make room/,
  ],
  [
    'a taint keeps it away, and the scheduler does not say which',
    pod(TAINTED),
    [
      node('a', { taints: [dedicated] }),
      node('b', { taints: [{ key: 'soft', effect: 'PreferNoSchedule' }] }),
      node('c', { ready: false, taints: [{ key: 'gone', effect: 'NoExecute' }] }),
    ],
    'NoNode',
    /untolerated taint/,
    /tolerate the taint dedicated=db:NoSchedule of node a with NKVM_HELPER_TOLERATIONS/,
  ],
  [
    'taints of many nodes keep it away',
    pod(TAINTED),
    Array.from({ length: 7 }, (_, at) => node(`n${at}`, { taints: [dedicated] })),
    'NoNode',
    /untolerated taint/,
    /one of the taints (dedicated=db:NoSchedule of node n\d, ){4}dedicated=db:NoSchedule of node n4 and 2 more/,
  ],
  [
    'another pod has its volume',
    pod('PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod'),
    [],
    'NoNode',
    /already in-use/,
    /until the pod that uses the claim has ended/,
  ],
])('%s', (_, seen, nodes, reason, message, hint) => {
  expect(waitForNode(seen, nodes)).toMatchObject({
    ...{ kind: 'waiting', cause: 'node', class: 'transient', reason },
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
    note: expect.stringMatching(/^waiting for (a node|node b): /),
  });
});
