import { expect, it } from 'vitest';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { comesBack } from './comesBack.ts';

const source = (kind: string, apiGroup = 'nkvm.io') => ({
  apiGroup,
  kind,
  name: 'orders-db',
  namespace: null,
});
const hourly = { labels: { backup: 'hourly' }, volumeName: 'pvc-uid-1' };

it.each<[string, Partial<Claim>, string | undefined, boolean]>([
  ['has the label and a volume of a provisioner', hourly, undefined, true],
  ['inherits the label', { ...hourly, labels: {} }, 'daily', true],
  ['has no label', { ...hourly, labels: {} }, undefined, false],
  [
    'is switched off in a namespace with the label',
    { ...hourly, labels: { backup: 'off' } },
    'daily',
    false,
  ],
  ['has a volume that its manifest may name', { ...hourly, volumeName: 'nfs-7' }, undefined, false],
  [
    'was restored when it was made',
    {
      ...hourly,
      volumeName: 'pvc-prime',
      dataSource: source('BackupRestore'),
      policyNotes: { 'nkvm.io/restored-from': 'b1', 'nkvm.io/filled-for': 'uid-1' },
    },
    undefined,
    true,
  ],
  [
    'was bound by a provisioner that ignores its source',
    { ...hourly, dataSource: source('BackupRestore') },
    undefined,
    false,
  ],
  [
    'is made from a snapshot',
    { ...hourly, dataSource: source('VolumeSnapshot', 'snapshot.storage.k8s.io') },
    undefined,
    false,
  ],
  ['is a block device', { ...hourly, volumeMode: 'Block' }, undefined, false],
  ['has no class', { ...hourly, storageClass: null }, undefined, false],
])('a claim that %s: %s', (_, change, backupLabel, expected) => {
  const world = { zeroTouch: true, hasBackup: true };
  const claim = testClaim(change);
  expect(comesBack(claim, { backupLabel }, world)).toBe(expected);
  expect(comesBack(claim, { backupLabel }, { ...world, zeroTouch: false })).toBe(false);
  expect(comesBack(claim, { backupLabel }, { ...world, hasBackup: false })).toBe(false);
});
