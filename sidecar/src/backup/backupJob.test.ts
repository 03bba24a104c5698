import { expect, it, vi } from 'vitest';
import { testClaim } from '../testing/cluster/testClaim.ts';
import { queuedRun } from '../testing/history/exampleRun.ts';
import { backupJob } from './backupJob.ts';

const now = () => new Date('2026-11-21T10:00:00.000Z');
const { signal } = new AbortController();
const run = queuedRun({ namespace: 'shop', name: 'a', uid: 'uid-a' });

it('carries out a run of a claim that is still the same', async () => {
  const claim = testClaim({ name: 'a', uid: 'uid-a' });
  const carryOut = vi.fn(async () => ({ status: 'success' as const }));
  const report = () => undefined;
  const job = backupJob({ claimOf: () => claim, now, run: carryOut });
  expect(await job.work(run, report, signal)).toEqual({ status: 'success' });
  expect(carryOut).toHaveBeenCalledWith(run, claim, report, signal);
});

it.each([
  ['deleted', undefined, 'claim shop/a was deleted while its run waited'],
  ['created again', 'another', 'claim shop/a was deleted and created again while its run waited'],
])('fails a run whose claim was deleted, or created again, while it waited: %s', async (...row) => {
  const [, uid, message] = row;
  const claimOf = () => (uid === undefined ? undefined : testClaim({ name: 'a', uid }));
  const carryOut = vi.fn();
  const job = backupJob({ claimOf, now, run: carryOut });
  expect(await job.work(run, () => undefined, signal)).toMatchObject({
    status: 'failed',
    stage: 'create',
    reason: 'ClaimNotFound',
    failureClass: 'needs-action',
    message,
    endedAt: '2026-11-21T10:00:00.000Z',
  });
  expect(carryOut).not.toHaveBeenCalled();
});
