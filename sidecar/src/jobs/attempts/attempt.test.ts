import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { RunRecord } from '../../history/history.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { AttemptWorld } from './attempt.ts';
import { attempt } from './attempt.ts';
import { MOST_DEFERRALS } from './deferral.ts';

it('defers a run only so often: then it counts as an attempt, and says so', async () => {
  const world: AttemptWorld = {
    kinds: {
      backup: {
        access: 'read',
        nodeOf: () => null,
        work: async () => ({
          ...{ status: 'failed', stage: 'copy', reason: 'VolumeWanted', message: 'a pod needs it' },
          ...{ failureClass: 'transient', deferred: { pod: 'orders-0' } },
        }),
      },
    },
    record: async () => undefined,
    note: () => undefined,
    retry: { maxAttempts: 1, delayMs: () => 0 },
    outages: { since: () => async () => false, stop: () => undefined },
    forgiven: new Map(),
    deferrals: new Map(),
    now: () => new Date('2026-11-21T10:00:00Z'),
    log: pino({ level: 'silent' }),
  };
  const run = exampleRun({ status: 'queued', endedAt: null, attempt: 1 }) as RunRecord;
  const once = () => attempt(run, world, new AbortController().signal, () => false);
  for (let times = 0; times < MOST_DEFERRALS; times += 1) {
    expect(await once()).toMatchObject({ outcome: 'again', run: { attempt: 1 } });
  }
  expect(await once()).toMatchObject({
    outcome: 'ended',
    run: {
      status: 'failed',
      message: `a pod needs it (this happened ${MOST_DEFERRALS + 1} times)`,
    },
  });
  expect(world.deferrals.size).toBe(0);
});
