import { expect, it } from 'vitest';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { obstacleOf } from './obstacle.ts';

it.each([
  [true, undefined],
  [false, 'NamespaceNotOpen'],
  ['unselected', 'NamespaceNotSelected'],
  ['unknown', 'NamespaceNotChecked'],
] as const)('a claim in a namespace whose openness is %s has the obstacle %s', (isOpen, reason) => {
  expect(obstacleOf(testClaim(), isOpen)?.reason).toBe(reason);
});

it('a claim that waits for its first restore is not backed up, bound or not', () => {
  const name = 'orders-db';
  const dataSource = { apiGroup: 'nkvm.io', kind: 'BackupRestore', name, namespace: null };
  const restored = { 'nkvm.io/restored-from': 'a', 'nkvm.io/filled-for': 'uid-1' };
  expect(obstacleOf(testClaim({ dataSource, phase: 'Pending' }), true)?.reason).toBe(
    'FirstRestoreOpen'
  );
  expect(obstacleOf(testClaim({ dataSource }), true)?.reason).toBe('FirstRestoreOpen');
  expect(obstacleOf(testClaim({ dataSource, policyNotes: restored }), true)).toBeNull();
});
