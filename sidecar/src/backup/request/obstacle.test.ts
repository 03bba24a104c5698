import { expect, it } from 'vitest';
import { testClaim } from '../../testing/testClaim.ts';
import { obstacleOf } from './obstacle.ts';

it.each([
  [true, undefined],
  [false, 'NamespaceNotOpen'],
  ['unknown', 'NamespaceNotChecked'],
] as const)('a claim in a namespace whose openness is %s has the obstacle %s', (isOpen, reason) => {
  expect(obstacleOf(testClaim(), isOpen)?.reason).toBe(reason);
});
