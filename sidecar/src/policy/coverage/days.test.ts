import { expect, it } from 'vitest';
import { everyMs } from '../../testing/policy/testSlots.ts';
import type { DayFacts, DayRun } from './days.ts';
import { daysOf, firstDay, upcomingOf } from './days.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-11-20T12:00:00.000Z');
/** Daily, at 03:00. */
const daily = everyMs(DAY, 3 * HOUR);
const run = (createdAt: string, status: DayRun['status'] = 'success'): DayRun => ({
  createdAt: `2026-11-${createdAt}:00.000Z`,
  status,
});
const strip = (facts: Partial<DayFacts>) =>
  daysOf({ runs: [], slots: daily, countsFrom: null, overdue: null, now: NOW, ...facts });
const last = (facts: Partial<DayFacts>, count: number) =>
  strip(facts)
    .slice(-count)
    .map(({ state, good, failed, missed }) => `${state} ${good}/${failed}/${missed}`);

it('has 30 days, of which the last is today', () => {
  const days = strip({});
  expect([days.length, days[0]?.date, days[29]?.date]).toEqual([30, '2026-10-22', '2026-11-20']);
  expect(new Date(firstDay(NOW)).toISOString()).toBe('2026-10-22T00:00:00.000Z');
});

it('counts a run on the day of its request, in UTC', () => {
  const runs = [run('19T23:59'), run('20T00:00'), run('20T03:00', 'failed')];
  expect(last({ runs }, 2)).toEqual(['good 1/0/0', 'failed 1/1/0']);
});

it('leaves out runs of other days, and those that have not ended or were cancelled', () => {
  const runs = [
    { createdAt: '2026-10-21T23:59:59.999Z', status: 'success' as const },
    run('20T01:00', 'queued'),
    run('20T02:00', 'running'),
    run('20T03:00', 'cancelled'),
  ];
  expect(strip({ runs }).every(({ state }) => state === 'none')).toBe(true);
});

it('shows a slot without a run as missed, from the time on that counts', () => {
  const countsFrom = Date.parse('2026-11-17T04:00:00Z');
  const runs = [run('18T03:00'), run('20T03:00')];
  expect(last({ runs, countsFrom }, 4)).toEqual([
    'none 0/0/0',
    'good 1/0/0',
    'missed 0/0/1',
    'good 1/0/0',
  ]);
});

it('does not call a slot missed while its grace lasts, or where a run failed or was late', () => {
  const countsFrom = Date.parse('2026-11-18T00:00:00Z');
  const runs = [run('19T02:59'), run('20T02:00', 'failed')];
  const now = Date.parse('2026-11-20T08:59:00Z');
  expect(last({ runs, countsFrom, now }, 3)).toEqual(['none 0/0/0', 'good 1/0/0', 'failed 0/1/0']);
});

it('shows every day since the volume became overdue', () => {
  const overdue = { slot: 0, since: Date.parse('2026-11-18T09:00:00Z') };
  const runs = [run('17T03:00'), run('18T03:00', 'failed')];
  expect(last({ runs, overdue, countsFrom: Date.parse('2026-11-17T00:00:00Z') }, 4)).toEqual([
    'good 1/0/0',
    'overdue 0/1/0',
    'overdue 0/0/1',
    'overdue 0/0/1',
  ]);
});

it('counts the newest slots of a schedule that runs every minute, and not all', () => {
  const days = strip({ slots: everyMs(60_000), countsFrom: 0 });
  const missed = days.map(day => day.missed);
  expect(missed.slice(-1)[0]).toBe(12 * 60 - 14);
  expect(missed.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(2_160);
});

it('gives the next times of a schedule', () => {
  expect(upcomingOf(daily, NOW, 2)).toEqual([
    '2026-11-21T03:00:00.000Z',
    '2026-11-22T03:00:00.000Z',
  ]);
  expect(upcomingOf({ nextAfter: () => null }, NOW)).toEqual([]);
});
