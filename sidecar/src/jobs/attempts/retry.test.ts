import { describe, expect, it } from 'vitest';
import type { JobEnd } from '../job.ts';
import type { NextAttempt } from './retry.ts';
import { backoffMs, nextAttempt } from './retry.ts';

const policy = { maxAttempts: 3, delayMs: (attempt: number) => attempt * 1000 };
const now = new Date('2026-11-21T10:00:00.000Z');
const usual = { now, hadOutage: false };
const failed = (failureClass: JobEnd['failureClass'], retryAfterMs?: number): JobEnd => ({
  status: 'failed',
  stage: 'copy',
  reason: 'AnyReason',
  failureClass,
  message: 'the connection broke',
  endedAt: now.toISOString(),
  bytes: 7,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

describe('nextAttempt', () => {
  it('tries a transient failure again, later each time', () => {
    expect(nextAttempt({ attempt: 2 }, failed('transient'), policy, usual)).toEqual({
      delayMs: 2000,
      change: {
        status: 'queued',
        stage: 'copy',
        reason: 'AnyReason',
        failureClass: 'transient',
        message: 'attempt 2 of 3 failed: the connection broke',
        attempt: 3,
        retryAt: '2026-11-21T10:00:02.000Z',
        endedAt: null,
        bytes: null,
      },
    });
  });

  type Case = [name: string, attempt: number, end: JobEnd, hadOutage: boolean, next: Next];
  type Next = { attempt: number; delayMs: number } | undefined;
  it.each<Case>([
    ['tries an unknown failure again', 1, failed('unknown'), false, { attempt: 2, delayMs: 1000 }],
    [
      'tries again where an old record has no class',
      1,
      failed(null),
      false,
      { attempt: 2, delayMs: 1000 },
    ],
    ['lets the last attempt end', 3, failed('transient'), false, undefined],
    ['lets end what a person has to change', 1, failed('needs-action'), false, undefined],
    ['does so during an outage, too', 1, failed('needs-action'), true, undefined],
    ['lets a success end', 1, { status: 'success' }, true, undefined],
    ['lets end what was cancelled', 1, { status: 'cancelled' }, true, undefined],
    ['does not count an outage', 1, failed('transient'), true, { attempt: 1, delayMs: 1000 }],
    [
      'does not count it for the last attempt',
      3,
      failed('unknown'),
      true,
      { attempt: 3, delayMs: 3000 },
    ],
    [
      'waits as long as it was asked to',
      1,
      failed('transient', 30_000),
      false,
      { attempt: 2, delayMs: 30_000 },
    ],
    [
      'waits no shorter than usual',
      2,
      failed('transient', 5),
      false,
      { attempt: 3, delayMs: 2000 },
    ],
    [
      'waits no longer than ten minutes',
      1,
      failed('transient', 1e9),
      false,
      { attempt: 2, delayMs: 600_000 },
    ],
    [
      'waits for a paused destination without counting, also after the last attempt',
      3,
      { ...failed('transient'), waitMs: 45_000 },
      false,
      { attempt: 3, delayMs: 45_000 },
    ],
  ])('%s', (_, attempt, end, hadOutage, expected) => {
    const next = nextAttempt({ attempt }, end, policy, { now, hadOutage });
    const short = (next?: NextAttempt) =>
      next && { attempt: next.change.attempt, delayMs: next.delayMs };
    expect(short(next)).toEqual(expected);
  });
});

describe('backoffMs', () => {
  it('grows to ten minutes', () => {
    expect([1, 2, 3, 4, 9].map(backoffMs)).toEqual([10_000, 60_000, 360_000, 600_000, 600_000]);
  });
});
