import { expect, it } from 'vitest';
import { testClaim } from '../../../testing/cluster/testClaim.ts';
import type { Change } from '../../../testing/policy/handOverHere.ts';
import { handOverHere, TARGET } from '../../../testing/policy/handOverHere.ts';
import { startEmpty } from './startEmpty.ts';

const CLAIM = testClaim({ ...TARGET, phase: 'Pending', storageClass: 'fast' });
const never = new AbortController().signal;

it.each(
  (['create', 'annotate', 'give', 'remove'] as Change[]).flatMap(change =>
    (['before', 'after'] as const).map(when => ({ change, when }))
  )
)('binds a claim empty, also after a kill $when "$change"', async ({ change, when }) => {
  const here = handOverHere();
  await here.waits();
  const start = () =>
    startEmpty(CLAIM, { startedEmpty: 'none-found', node: null }, here.world, never);
  here.breakAt(change, when);
  await expect(start()).rejects.toThrow('killed');
  here.startAgain();
  await start();
  expect(here.phases.get(TARGET.uid)).toMatchObject({ phase: 'Bound' });
  expect(await here.annotations()).toEqual({
    'nkvm.io/started-empty': 'none-found',
    'nkvm.io/filled-for': TARGET.uid,
  });
  expect(await here.filling()).toBeUndefined();
});

it('never hands a restored volume over as an empty one', async () => {
  const here = handOverHere();
  await here.waits();
  await here.fill('01kbackup');
  const before = await here.filling();
  await startEmpty(CLAIM, { startedEmpty: 'decided', node: null }, here.world, never);
  expect(here.made).toEqual(['remove', 'create', 'annotate', 'give', 'remove']);
  expect(here.phases.get(TARGET.uid)?.volumeName).not.toBe(`pv-${before?.uid}`);
});
