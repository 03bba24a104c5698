import { describe, expect, it } from 'vitest';
import type { ClaimPod } from '../../cluster/inventory/inventory.ts';
import { StageError } from '../../errors.ts';
import type { Scaled } from '../scale/scaler.ts';
import { usersOf } from './users.ts';

const { signal } = new AbortController();
const claim = { namespace: 'shop', name: 'orders-db' };
const pod: ClaimPod = { name: 'orders-0', phase: 'Running', node: 'node-a' };
const back = new StageError('create', 'ScaledBack', 'back', 'stop it', 'needs-action');

const users = (seen: ClaimPod[], there: ClaimPod[], stillDown?: Scaled['stillDown']) =>
  usersOf(
    claim,
    { inventory: { podsOf: () => seen }, readUsers: async () => there },
    stillDown && { workloads: [], message: '', stillDown }
  );

describe('whoever uses the claim of a restore', () => {
  it('is nobody', async () => {
    await expect(users([], []).check(signal)).resolves.toBeUndefined();
    await expect(users([], []).checkNow(signal)).resolves.toBeUndefined();
  });

  it('is seen in the inventory while the restore writes', async () => {
    await expect(users([pod], []).check(signal)).rejects.toMatchObject({
      reason: 'ClaimInUse',
      message: expect.stringContaining('orders-0'),
    });
  });

  it('is asked of the API server before the first byte, when the inventory has not heard of it', async () => {
    await expect(users([], [pod]).checkNow(signal)).rejects.toMatchObject({ reason: 'ClaimInUse' });
  });

  it('is not nobody when the API server does not answer', async () => {
    const asked = usersOf(
      claim,
      {
        inventory: { podsOf: () => [] },
        readUsers: async () => Promise.reject(new Error('away')),
      },
      undefined
    );
    await expect(asked.checkNow(signal)).rejects.toThrow('away');
  });

  it('is named by whoever has started it again, where that is known', async () => {
    const again = users([pod], [pod], async () => back);
    await expect(again.check(signal)).rejects.toBe(back);
    await expect(again.checkNow(signal)).rejects.toBe(back);
  });
});
