import { expect, it } from 'vitest';
import type { RetentionHold, RetentionPlan } from '../../../api/index.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { summariesWith } from './summaries.ts';

const never = new AbortController().signal;
const HOLD: RetentionHold = { kind: 'share', message: 'too many', hint: 'approve' };
const planOf = (removed: number): RetentionPlan => ({
  ...{ destination: 'local', keep: 'last=3', kept: 3, removed, removedBytes: removed },
  ...{ hold: null, archives: [] },
});

function summaries(holdAt: () => RetentionHold | null = () => null) {
  const planned: string[] = [];
  const clock = { ms: 0 };
  const all = summariesWith({
    plan: ({ name }) => {
      planned.push(name);
      return [planOf(planned.length)];
    },
    holdAt,
    elapsed: () => clock.ms,
  });
  return { all, planned, clock };
}

it('plans each claim once, and again when a run of it has changed', async () => {
  const { all, planned } = summaries();
  const claims = [testClaim({ name: 'a' }), testClaim({ name: 'b' })];
  await all.renew(claims, never);
  await all.renew(claims, never);
  expect(planned).toEqual(['a', 'b']);
  all.changed({ namespace: 'shop', name: 'b' });
  expect(all.of({ namespace: 'shop', name: 'b' })).toMatchObject([{ removed: 2 }]);
  await all.renew(claims, never);
  expect(planned).toEqual(['a', 'b', 'b']);
  expect(all.of({ namespace: 'shop', name: 'b' })).toMatchObject([{ removed: 3 }]);
});

it.each<[string, Partial<Claim>]>([
  ['another claim', { uid: 'uid-2' }],
  ['another label', { labels: { backup: 'daily' } }],
  ['another annotation', { policyNotes: { 'nkvm.io/keep': 'last=9' } }],
])('plans a name with %s again', async (_, change) => {
  const { all, planned } = summaries();
  const before = testClaim();
  await all.renew([before], never);
  await all.renew([{ ...before, pods: [] }], never);
  expect(planned).toHaveLength(1);
  await all.renew([{ ...before, ...change }], never);
  expect(planned).toHaveLength(2);
});

it('plans again after an hour, because rules and holds end by time', async () => {
  const { all, planned, clock } = summaries();
  const claim = testClaim();
  await all.renew([claim], never);
  clock.ms = 60 * 60_000;
  await all.renew([claim], never);
  expect(planned).toHaveLength(2);
});

it('takes the plans of a round over, and forgets claims that are gone', async () => {
  const { all, planned } = summaries();
  const [a, b] = [testClaim({ name: 'a' }), testClaim({ name: 'b' })];
  all.remember(a, [planOf(9)]);
  all.remember(b, [planOf(9)]);
  await all.renew([a], never);
  expect(planned).toEqual([]);
  expect(all.of(a)).toMatchObject([{ removed: 9 }]);
  expect(all.of(b)).toBeUndefined();
});

it('shows the hold on a whole destination as it is when it is asked', async () => {
  let hold: RetentionHold | null = null;
  const { all } = summaries(() => hold);
  const claim = testClaim();
  await all.renew([claim], never);
  expect(all.of(claim)).toMatchObject([{ hold: null }]);
  hold = HOLD;
  expect(all.of(claim)).toMatchObject([{ hold: HOLD }]);
});
