import { describe, expect, it } from 'vitest';
import type { RunChange } from '../history/history.ts';
import { backoffMs, nextAttempt } from './retry.ts';

const policy = { maxAttempts: 3, delayMs: (attempt: number) => attempt * 1000 };
const now = new Date('2026-11-21T10:00:00.000Z');
const failed = (reason: string): RunChange => ({
  status: 'failed',
  stage: 'copy',
  reason,
  message: 'the connection broke',
  endedAt: now.toISOString(),
  bytes: 7,
});

describe('nextAttempt', () => {
  it('tries again what can pass, later each time', () => {
    expect(nextAttempt({ attempt: 2 }, failed('StreamBroke'), policy, now)).toEqual({
      status: 'queued',
      stage: 'copy',
      reason: 'StreamBroke',
      message: 'attempt 2 of 3 failed: the connection broke',
      attempt: 3,
      retryAt: '2026-11-21T10:00:02.000Z',
      endedAt: null,
      bytes: null,
    });
  });

  it.each<[string, number, RunChange]>([
    ['a run that has had its last attempt', 3, failed('StreamBroke')],
    ['what a person has to mend', 1, failed('DestinationFull')],
    ['a volume with a file that cannot be read', 1, failed('TarFailed')],
    ['a success', 1, { status: 'success' }],
    ['what was cancelled', 1, { status: 'cancelled' }],
  ])('lets %s end', (_, attempt, end) => {
    expect(nextAttempt({ attempt }, end, policy, now)).toBeUndefined();
  });
});

describe('backoffMs', () => {
  it('grows to ten minutes', () => {
    expect([1, 2, 3, 4, 9].map(backoffMs)).toEqual([10_000, 60_000, 360_000, 600_000, 600_000]);
  });
});
