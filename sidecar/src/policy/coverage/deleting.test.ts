import { expect, it } from 'vitest';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { deletingReason } from './deleting.ts';

const pods = (...names: string[]): Claim['pods'] =>
  names.map(name => ({ name, phase: 'Running', node: 'a' }));
const deleted = { terminating: true, deletingSince: '2026-11-20T12:00:00Z' };

it.each<[string, Partial<Claim>, string | undefined, string | undefined]>([
  ['is not deleted', {}, undefined, undefined],
  [
    'is used by pods',
    { ...deleted, pods: pods('orders-0', 'orders-1') },
    'is being deleted since 2026-11-20T12:00:00Z, and is not backed up; it is there until the pods that use it are gone',
    'kubectl describe pvc orders-db -n shop',
  ],
  [
    'is used by none',
    deleted,
    'one of its finalizers keeps it',
    'kubectl get pvc orders-db -n shop',
  ],
])('a claim that %s', (_, change, message, hint) => {
  const reason = deletingReason(testClaim(change));
  if (message === undefined) expect(reason).toBeUndefined();
  else
    expect(reason).toMatchObject({
      reason: 'ClaimTerminating',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint ?? ''),
    });
});

it('names no pod: callers who may see the claim may perhaps not list pods', () => {
  const reason = deletingReason(testClaim({ ...deleted, pods: pods('orders-0') }));
  expect(JSON.stringify(reason)).not.toContain('orders-0');
});
