import { describe, expect, it } from 'vitest';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { placementOf, writerPlacementOf } from './placement.ts';

const bound = testClaim();
const pod = (node: string | null, phase = 'Running') => ({ name: 'orders-0', phase, node });

describe('placementOf', () => {
  it.each<[string, Partial<Claim>, string | null]>([
    ['a claim that nothing uses goes anywhere', {}, null],
    ['a claim in use goes to the pod’s node', { pods: [pod('node-b')] }, 'node-b'],
    ['a finished pod holds nothing', { pods: [pod('node-b', 'Succeeded')] }, null],
    ['a pod without a node holds nothing yet', { pods: [pod(null, 'Pending')] }, null],
    [
      'a claim for many nodes goes anywhere',
      { accessModes: ['ReadWriteOnce', 'ReadWriteMany'], pods: [pod('node-b')] },
      null,
    ],
    ['a ReadWriteOncePod claim that nothing uses', { accessModes: ['ReadWriteOncePod'] }, null],
  ])('%s', (_, seen, node) => {
    expect(placementOf({ ...bound, ...seen })).toEqual({ node, tolerations: [] });
  });

  it.each<[string, Partial<Claim>, string, RegExp]>([
    [
      'a ReadWriteOncePod claim in use',
      { accessModes: ['ReadWriteOncePod'], pods: [pod('node-a')] },
      'ClaimInUse',
      /shop\/orders-db is ReadWriteOncePod and a pod holds it/,
    ],
    [
      'a claim that waits for its first pod',
      { phase: 'Pending' },
      'ClaimNotBound',
      /StorageClass fast waits for the first pod/,
    ],
    [
      'a claim that nobody binds',
      { phase: 'Pending', waitsForFirstConsumer: false },
      'ClaimNotBound',
      /is not bound to a volume yet/,
    ],
    [
      'a claim whose volume is gone',
      { phase: 'Lost' },
      'ClaimLost',
      /lost its PersistentVolume pv/,
    ],
    ['a block device', { volumeMode: 'Block' }, 'BlockVolume', /raw block device/],
    ['a claim that is being deleted', { terminating: true }, 'ClaimTerminating', /being deleted/],
    [
      'a claim that a restore is filling',
      { restoreMark: { state: 'restoring', runId: '01a', installation: 'i' } },
      'ClaimRestoring',
      /being restored \(run 01a\)/,
    ],
    [
      'a claim that a failed restore has left',
      { restoreMark: { state: 'incomplete', runId: '01a', installation: null } },
      'ClaimIncomplete',
      /left incomplete by a failed restore \(run 01a\)/,
    ],
  ])('refuses %s and says why', (_, seen, reason, message) => {
    expect(placementOf({ ...bound, ...seen })).toEqual({
      refuse: {
        reason,
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/./),
      },
    });
  });
});

describe('writerPlacementOf', () => {
  it.each<[string, Partial<Claim>]>([
    ['a claim that nothing uses', {}],
    ['a claim that waits for its first consumer', { phase: 'Pending' }],
    [
      'a claim that a restore has made',
      { restoreMark: { state: 'restoring', runId: 'a', installation: 'i' } },
    ],
  ])('takes %s', (_, seen) =>
    expect(writerPlacementOf({ ...bound, ...seen })).toEqual({ node: null, tolerations: [] })
  );

  it.each<[string, Partial<Claim>, string, RegExp]>([
    ['in use', { pods: [pod('node-a')] }, 'ClaimInUse', /used by pod orders-0$/],
    [
      'in use by a pod that has no node yet',
      { pods: [pod(null, 'Pending')] },
      'ClaimInUse',
      /used by pod orders-0$/,
    ],
    [
      'for many nodes, and in use',
      { accessModes: ['ReadWriteMany'], pods: Array(7).fill(pod('node-a')) },
      'ClaimInUse',
      /used by pods orders-0, orders-0, orders-0, orders-0, orders-0 and 2 more$/,
    ],
    ['whose volume is gone', { phase: 'Lost' }, 'ClaimLost', /lost/],
    ['that is a block device', { volumeMode: 'Block' }, 'BlockVolume', /raw block device/],
    ['that is being deleted', { terminating: true }, 'ClaimTerminating', /being deleted/],
  ])('refuses a claim %s', (_, seen, reason, message) =>
    expect(writerPlacementOf({ ...bound, ...seen })).toMatchObject({
      refuse: { reason, message: expect.stringMatching(message) },
    })
  );
});
