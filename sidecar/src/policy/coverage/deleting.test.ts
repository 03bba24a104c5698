import { expect, it } from 'vitest';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import { testClaim } from '../../testing/testClaim.ts';
import { deletingReason } from './deleting.ts';

const pods = (...names: string[]): Claim['pods'] =>
  names.map(name => ({ name, phase: 'Running', node: 'a' }));
const deleted = { terminating: true, deletingSince: '2026-11-20T12:00:00Z' };

it.each<[string, Partial<Claim>, string | undefined, string | undefined]>([
  ['is not deleted', {}, undefined, undefined],
  [
    'is used by a pod',
    { ...deleted, pods: pods('orders-0') },
    'is being deleted since 2026-11-20T12:00:00Z, and is not backed up; it is there until its pods are gone: orders-0',
    'delete those pods',
  ],
  [
    'is used by many',
    { ...deleted, pods: pods('a', 'b', 'c', 'd', 'e') },
    'gone: a, b, c and 2 more',
    'delete those pods',
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
