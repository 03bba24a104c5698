import { describe, expect, it } from 'vitest';
import type { Due, DueFacts } from './due.ts';
import { dueOf, hasRun, makeUpWindowMs } from './due.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (time: string) => Date.parse(`2026-11-20T${time}:00Z`);
const wait = (time: string): Due => ({ do: 'wait', at: at(time) });

/** An hourly schedule at 17 past, whose make-up time is in the middle of each quarter of an hour. */
const usual: DueFacts = {
  last: at('14:17'),
  next: at('15:17'),
  since: at('00:00'),
  activeSince: at('08:00'),
  isDone: false,
  isUnderWay: false,
  fraction: 0.5,
  now: at('14:18'),
};

describe('whether a run is due', () => {
  it.each<[string, Partial<DueFacts>, Due]>([
    ['a slot that has come', {}, { do: 'run', slot: at('14:17') }],
    ['a slot that has its run', { isDone: true }, wait('15:17')],
    ['a slot from before the claim or its schedule', { since: at('14:17') }, wait('15:17')],
    [
      'a slot while a run has not ended',
      { isUnderWay: true },
      { do: 'wait', at: at('14:18') + 30_000 },
    ],
    ['no slot yet', { last: null }, wait('15:17')],
    ['no slot at all', { last: null, next: null }, { do: 'wait', at: null }],
    [
      'a slot that was missed: at the time of its own',
      { activeSince: at('14:18') },
      { do: 'wait', at: at('14:22') + 30_000 },
    ],
    [
      'a slot that was missed, when that time has come',
      { activeSince: at('14:18'), now: at('14:23') },
      { do: 'run', slot: at('14:17') },
    ],
    [
      'a slot that was missed, and the next one comes within the window',
      { activeSince: at('15:10'), fraction: 0.3, now: at('15:11') },
      wait('15:17'),
    ],
    [
      'the last slot of a schedule, missed: within the hour',
      { next: null, activeSince: at('20:00'), now: at('20:00') },
      wait('20:30'),
    ],
  ])('%s', (_, change, expected) => expect(dueOf({ ...usual, ...change })).toEqual(expected));

  it('spreads what was missed evenly over the window, whenever that begins', () => {
    for (const activeSince of [at('14:18'), at('14:29') + 59_999]) {
      const facts = {
        ...usual,
        last: at('13:17'),
        next: at('20:17'),
        activeSince,
        now: activeSince,
      };
      const waits = Array.from({ length: 60 }, (_, index) => {
        const due = dueOf({ ...facts, fraction: index / 60 });
        return due.do === 'wait' ? (due.at ?? 0) - activeSince : 0;
      }).sort((a, b) => a - b);
      expect(waits[0]).toBeGreaterThan(0);
      expect(waits.at(-1)).toBeLessThanOrEqual(HOUR);
      waits.forEach((ms, index) =>
        expect(Math.abs(ms - index * MINUTE)).toBeLessThanOrEqual(MINUTE)
      );
    }
  });

  it('has a window of a quarter of the interval, from 5 minutes to an hour', () => {
    expect(makeUpWindowMs(0, MINUTE)).toBe(5 * MINUTE);
    expect(makeUpWindowMs(0, HOUR)).toBe(15 * MINUTE);
    expect(makeUpWindowMs(0, 24 * HOUR)).toBe(HOUR);
    expect(makeUpWindowMs(0, null)).toBe(HOUR);
  });
});

describe('whether a slot has its run', () => {
  const run = (time: string, status: 'success' | 'failed' | 'running', priority = 'scheduled') =>
    ({ createdAt: new Date(at(time)).toISOString(), status, priority } as never);
  it.each<[string, ReturnType<typeof run>[], boolean]>([
    ['none', [], false],
    ['a scheduled success', [run('14:17', 'success')], true],
    ['a scheduled failure: it was tried as often as a run is', [run('14:17', 'failed')], true],
    ['a success that a person asked for', [run('14:30', 'success', 'on-demand')], true],
    ['a failure that a person asked for', [run('14:30', 'failed', 'on-demand')], false],
    ['a run from before', [run('14:16', 'success')], false],
    ['a run that a clock dated which was wrong for a moment', [run('14:50', 'success')], true],
    ['a run that is dated after the next slot', [run('16:30', 'success')], false],
  ])('%s', (_, runs, expected) =>
    expect(hasRun(runs, at('14:17'), at('15:17'), at('14:40'))).toBe(expected)
  );
});
