import { expect, it } from 'vitest';
import type { WaitCause } from './waitLimits.ts';
import { longestWaitMs, sameLimits, waitClock } from './waitLimits.ts';

type Spent = [cause: WaitCause, ms: number, limitMs?: number];

it.each<[string, Spent[], number | undefined]>([
  ['a cause that passes before its limit', [['node', 99]], undefined],
  ['a cause that reaches its limit', [['node', 100]], 100],
  [
    'each cause has its own limit',
    [
      ['node', 99],
      ['volume', 99],
      ['image', 99],
      ['start', 9],
    ],
    undefined,
  ],
  [
    'a cause that comes back goes on where it was',
    [
      ['image', 60],
      ['start', 5],
      ['image', 40],
    ],
    100,
  ],
  ['a shorter limit of this moment', [['image', 50, 40]], 40],
  ['a longer limit of this moment does not count', [['start', 10, 40]], 10],
])('%s', (_, spends, expected) => {
  let at = 1000;
  const clock = waitClock({ ...sameLimits(100), start: 10 }, () => at);
  let reached: number | undefined;
  for (const [cause, ms, limitMs] of spends) {
    at += ms;
    reached = clock.spend(cause, limitMs);
  }
  expect(reached).toBe(expected);
});

it('adds the limits up', () => expect(longestWaitMs({ ...sameLimits(100), start: 10 })).toBe(310));
