import type { Claim } from '../../cluster/inventory/inventory.ts';

/** A claim for tests: `shop/orders-db`, bound, and used by nothing. */
export const testClaim = (change: Partial<Claim> = {}): Claim => ({
  namespace: 'shop',
  name: 'orders-db',
  uid: 'uid-1',
  phase: 'Bound',
  capacityBytes: 1024,
  requestedBytes: 1024,
  accessModes: ['ReadWriteOnce'],
  volumeMode: 'Filesystem',
  storageClass: 'fast',
  node: null,
  labels: {},
  createdAt: '2026-01-01T00:00:00.000Z',
  pods: [],
  owner: { kind: 'Unknown', reason: 'nothing uses it' },
  volumeName: 'pv',
  waitsForFirstConsumer: true,
  nodeSelectorTerms: [],
  terminating: false,
  ...change,
});
