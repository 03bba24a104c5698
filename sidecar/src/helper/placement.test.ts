import { describe, expect, it } from 'vitest';
import type { Claim } from '../cluster/inventory.ts';
import { testClaim } from '../testing/testClaim.ts';
import { placementOf } from './placement.ts';

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
    expect(placementOf({ ...bound, ...seen })).toEqual({ node });
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
