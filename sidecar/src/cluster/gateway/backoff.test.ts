import { expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';

it.each([
  [1, 0, 250],
  [1, 1, 500],
  [2, 1, 1_000],
  [5, 0.5, 6_000],
  [7, 1, 30_000],
  [500, 0, 15_000],
  [5_000, 1, 30_000],
])('after %i failures and with chance %f the pause is %i ms', (failures, chance, ms) =>
  expect(backoffMs(failures, () => chance)).toBe(ms)
);
