import { expect, it } from 'vitest';
import type { LastCheckpoint } from './checkpoints.ts';
import { earliestCheckpoint } from './checkpoints.ts';

const pace = { share: 0.05, longestRestMs: 120_000, retryMs: 10_000 };

it.each<[string, LastCheckpoint, number]>([
  ['a small one', { endedAt: 1_000, tookMs: 30, isFailed: false }, 1_570],
  ['a big one', { endedAt: 1_000, tookMs: 5_000, isFailed: false }, 96_000],
  [
    'one that a busy machine slowed down',
    { endedAt: 1_000, tookMs: 20_000, isFailed: false },
    121_000,
  ],
  ['one of those that failed', { endedAt: 1_000, tookMs: 60_000, isFailed: true }, 121_000],
  ['one that failed at once', { endedAt: 1_000, tookMs: 1, isFailed: true }, 11_000],
  ['a big one that failed', { endedAt: 1_000, tookMs: 5_000, isFailed: true }, 96_000],
  ['none', { endedAt: -Infinity, tookMs: 0, isFailed: false }, -Infinity],
])('lets the next begin after %s within its share of the time, and soon enough', (_, last, at) => {
  expect(earliestCheckpoint(last, pace)).toBeCloseTo(at);
});
