import { describe, expect, it } from 'vitest';
import { everyMs } from '../../testing/policy/testSlots.ts';
import { graceMs, overdueOf, remembered } from './slots.ts';

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(`2026-11-20T${text}Z`);

describe('the grace of a slot', () => {
  it.each([
    ['5 minutes', 5 / 60, 0.25],
    ['an hour', 1, 1],
    ['a day', 24, 6],
    ['a month', 720, 6],
  ])('of a schedule with an interval of %s', (_, interval, hours) => {
    expect(graceMs(0, interval * HOUR)).toBe(hours * HOUR);
  });

  it('of the last slot of a schedule is the longest', () => {
    expect(graceMs(0, null)).toBe(6 * HOUR);
  });
});

describe('what is overdue', () => {
  const hourly = everyMs(HOUR, at('00:05:00'));

  it.each([
    ['the slot is covered', '10:05:00', '10:50:00', null],
    ['the grace of the next one has not ended', '10:05:01', '12:04:59', null],
    ['its grace has ended', '10:05:01', '12:05:00', ['11:05:00', '12:05:00']],
    ['several are missing: the first counts', '10:05:01', '20:00:00', ['11:05:00', '12:05:00']],
    [
      'the backup was requested just before the slot',
      '11:04:59',
      '12:05:00',
      ['11:05:00', '12:05:00'],
    ],
  ])('where %s', (_, covered, now, expected) => {
    const [slot, since] = expected ?? [];
    expect(overdueOf(hourly, at(covered), at(now))).toEqual(
      slot && since ? { slot: at(slot), since: at(since) } : null
    );
  });

  it('is nothing where the schedule has no slot', () => {
    expect(overdueOf({ nextAfter: () => null }, 0, at('12:00:00'))).toBeNull();
  });

  it('is nothing for a backup of the future', () => {
    expect(overdueOf(hourly, at('13:00:00'), at('12:00:00'))).toBeNull();
  });
});

it('asks for each slot once while the looks at it are close', () => {
  const asked: number[] = [];
  const hourly = everyMs(HOUR);
  const slots = remembered({
    nextAfter(ms) {
      asked.push(ms);
      return hourly.nextAfter(ms);
    },
  });
  for (const ms of [5, 1, 5, 6, HOUR - 1, HOUR, HOUR + 1, 5 * HOUR, 9 * HOUR, 12 * HOUR, 1, 2])
    expect(slots.nextAfter(ms)).toBe(hourly.nextAfter(ms));
  expect(asked).toEqual([5, 1, HOUR, 5 * HOUR, 9 * HOUR, 12 * HOUR, 1]);
});
