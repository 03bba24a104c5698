import { expect, it } from 'vitest';
import { deferralMs, MOST_DEFERRALS } from './deferral.ts';

it.each([
  [0, 30_000],
  [1, 60_000],
  [4, 480_000],
  [5, 600_000],
  [MOST_DEFERRALS - 1, 600_000],
  [MOST_DEFERRALS, undefined],
])('after %i deferrals, the next one takes %s ms', (before, expected) => {
  expect(deferralMs(before)).toBe(expected);
});
