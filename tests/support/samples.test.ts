import { expect, it } from 'vitest';
import type { Obstacle } from '../../sidecar/api/index.ts';
import { obstacleOf } from '../../sidecar/src/backup/request/obstacle.ts';
import type { Claim } from '../../sidecar/src/cluster/inventory/inventory.ts';
import { testClaim } from '../../sidecar/src/testing/cluster/testClaim.ts';
import { blockDevice, closedNamespace, unbound } from '../../src/testing/samples.ts';

it.each<[string, Obstacle, Partial<Claim>, boolean]>([
  ['a closed namespace', closedNamespace, {}, false],
  ['a claim that is not bound', unbound, { phase: 'Pending' }, true],
  ['a block device', blockDevice, { volumeMode: 'Block' }, true],
])('the plugin is tested with what the sidecar says of %s', (_, sample, change, isOpen) => {
  const claim = testClaim({ namespace: 'shop', name: 'orders-db', ...change });
  expect(obstacleOf(claim, isOpen)).toEqual(sample);
});
