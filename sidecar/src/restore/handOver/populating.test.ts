import { expect, it } from 'vitest';
import type { JobKind } from '../../jobs/job.ts';
import { exampleRestore } from '../../testing/history/exampleRestore.ts';
import type { Change } from '../../testing/policy/handOverHere.ts';
import { handOverHere, TARGET } from '../../testing/policy/handOverHere.ts';
import { populating } from './populating.ts';

const RUN = exampleRestore(
  { ...TARGET, status: 'running' },
  {
    populates: { backup: '01kbackup', node: null },
  }
);
const never = new AbortController().signal;

type World = ReturnType<typeof handOverHere>;

/** A restore that fills at once, and how often it did. */
function jobOf(here: World) {
  let restored = 0;
  const kind: JobKind = {
    access: 'write',
    nodeOf: () => null,
    async work() {
      restored += 1;
      await here.fill('01kbackup');
      return { status: 'success', message: 'restored' };
    },
    async afterRestart() {
      return { status: (await here.filling()) ? 'success' : 'failed', reason: 'Interrupted' };
    },
  };
  const job = populating(kind, here.world);
  return {
    work: () => job.work(RUN, () => undefined, never),
    afterRestart: () => job.afterRestart?.(RUN, never),
    restored: () => restored,
  };
}

it('is a success only when the claim is bound to the restored volume', async () => {
  const here = handOverHere();
  await here.waits();
  const job = jobOf(here);
  expect(await job.work()).toMatchObject({ status: 'success', message: 'restored' });
  expect(here.phases.get(TARGET.uid)).toMatchObject({ phase: 'Bound' });
  expect(await here.annotations()).toEqual({
    'nkvm.io/restored-from': '01kbackup',
    'nkvm.io/filled-for': TARGET.uid,
  });
  expect(here.made).toEqual(['annotate', 'give', 'remove']);
  expect(await here.filling()).toBeUndefined();
});

it.each(
  (['annotate', 'give', 'remove'] as Change[]).flatMap(change =>
    (['before', 'after'] as const).map(when => ({ change, when }))
  )
)(
  'goes on after a kill $when it has done "$change", without a second restore',
  async ({ change, when }) => {
    const here = handOverHere();
    await here.waits();
    here.breakAt(change, when);
    const job = jobOf(here);
    expect(await job.work()).toMatchObject({ status: 'failed' });
    here.startAgain();
    const after = await job.afterRestart();
    if (after?.status !== 'success') {
      expect(after).toMatchObject({ status: 'failed', failureClass: 'transient' });
      expect(await job.work()).toMatchObject({ status: 'success' });
    }
    expect(job.restored()).toBe(1);
    expect(here.phases.get(TARGET.uid)).toMatchObject({ phase: 'Bound' });
    expect(await here.annotations()).toEqual({
      'nkvm.io/restored-from': '01kbackup',
      'nkvm.io/filled-for': TARGET.uid,
    });
  }
);

it('restores again where the filling is of another backup', async () => {
  const here = handOverHere();
  await here.waits();
  await here.fill('an-older-one');
  const job = jobOf(here);
  expect(await job.work()).toMatchObject({ status: 'success' });
  expect(job.restored()).toBe(1);
});

it('leaves a filling of another installation alone', async () => {
  const here = handOverHere();
  await here.waits();
  await here.fill('01kbackup', 'elsewhere');
  expect(await jobOf(here).work()).toMatchObject({ reason: 'FillingInUse' });
  expect(here.made).toEqual([]);
});

it('gives nothing to a claim that was deleted while it was restored', async () => {
  const here = handOverHere();
  await here.fill('01kbackup');
  expect(await jobOf(here).work()).toMatchObject({ status: 'failed', reason: 'ClaimNotFound' });
  expect(here.made).toEqual([]);
});

it('fails when somebody else has bound the claim', async () => {
  const here = handOverHere();
  await here.waits();
  await here.fill('01kbackup');
  here.phases.set(TARGET.uid, { phase: 'Bound', volumeName: 'static' });
  expect(await jobOf(here).work()).toMatchObject({ reason: 'ClaimBoundOtherwise' });
});

it('fails, and is tried again, when the prepared volume was given to another claim', async () => {
  const here = handOverHere();
  await here.waits();
  await here.fill('01kbackup');
  for (const [name, volume] of here.volumes) here.volumes.set(name, { ...volume, claimUid: 'x' });
  const end = await jobOf(here).work();
  expect(end).toMatchObject({ reason: 'FillingGone', failureClass: 'transient' });
});

it('is tried again when Kubernetes does not bind the claim in time', async () => {
  const here = handOverHere();
  await here.waits();
  await here.fill('01kbackup');
  const filling = await here.filling();
  here.phases.delete(filling?.uid ?? '');
  const end = await jobOf(here).work();
  expect(end).toMatchObject({ reason: 'ClaimNotBound', failureClass: 'transient' });
});
