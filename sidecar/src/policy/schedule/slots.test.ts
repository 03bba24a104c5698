import { describe, expect, it } from 'vitest';
import { slotsFor, slotsOf } from './slots.ts';
import { offsetOf } from './timeZone.ts';

const HOUR = 3_600_000;
const day = (date: string) => new Date(`${date}T00:00:00Z`);
const times = (dates: Date[]) => dates.map(date => date.toISOString().slice(5, 16));
const between = (cron: string, timeZone: string, from: string, to: string) =>
  times(slotsOf({ cron, timeZone, preset: null }).between(day(from), day(to), 100));

describe('in the nights in which clocks change', () => {
  it.each<[string, string, string, [string, string], string[]]>([
    [
      'a time that clocks jump over is due as long after the jump',
      ...['30 2 * * *', 'Europe/Berlin'],
      ['2026-03-28', '2026-03-31'],
      ['03-28T01:30', '03-29T01:30', '03-30T00:30'],
    ] as const,
    [
      'two such times stay two',
      ...['15,45 2 * * *', 'Europe/Berlin'],
      ['2026-03-29', '2026-03-30'],
      ['03-29T01:15', '03-29T01:45'],
    ] as const,
    [
      'one that falls on another slot is due with that',
      ...['30 2,3 * * *', 'Europe/Berlin'],
      ['2026-03-29', '2026-03-30'],
      ['03-29T01:30'],
    ] as const,
    [
      'a time that comes twice is due at the first',
      ...['30 2 * * *', 'Europe/Berlin'],
      ['2026-10-24', '2026-10-27'],
      ['10-24T00:30', '10-25T00:30', '10-26T01:30'],
    ] as const,
    [
      'a step of half an hour forward',
      ...['15 2 * * *', 'Australia/Lord_Howe'],
      ['2026-10-03', '2026-10-05'],
      ['10-03T15:45', '10-04T15:15'],
    ] as const,
    [
      'a step of half an hour back',
      ...['45 1 * * *', 'Australia/Lord_Howe'],
      ['2026-04-03', '2026-04-06'],
      ['04-03T14:45', '04-04T14:45', '04-05T15:15'],
    ] as const,
  ])('%s', (_, cron, timeZone, [from, to], expected) =>
    expect(between(cron, timeZone, from, to)).toEqual(expected)
  );

  it('every hour has its slot, also the one that comes twice', () => {
    expect(between('30 * * * *', 'Europe/Berlin', '2026-10-25', '2026-10-26')).toHaveLength(24);
    expect(between('30 * * * *', 'Europe/Berlin', '2026-03-29', '2026-03-30')).toHaveLength(24);
  });

  it('a quarter of an hour that comes twice has its slot twice, and an hour that is half an hour longer has none more', () => {
    const zone = 'Australia/Lord_Howe';
    expect(between('*/15 * * * *', zone, '2026-04-04', '2026-04-05')).toHaveLength(96);
    expect(between('45 * * * *', zone, '2026-04-04', '2026-04-05')).toHaveLength(23);
  });
});

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'Antarctica/Troll',
  'Pacific/Chatham',
];

describe.each(ZONES)('a year in %s', timeZone => {
  const [from, to] = [day('2026-01-01'), day('2027-01-01')];
  /** The dates that clocks show at slots. */
  const dates = (slots: Date[]) =>
    slots.map(slot =>
      new Date(slot.getTime() + offsetOf(timeZone, slot.getTime())).toISOString().slice(0, 10)
    );

  it.each(['0 0', '30 0', '45 1', '0 2', '15 2', '30 2', '59 2', '0 3', '30 3'])(
    'has one slot on each day at %s',
    time => {
      const slots = slotsOf({ cron: `${time} * * *`, timeZone, preset: 'daily' });
      const all = slots.between(from, to, 1000);
      const shown = dates(all);
      expect(new Set(shown).size).toBe(shown.length);
      expect(shown.length).toBeGreaterThanOrEqual(364);
      for (const [at, slot] of all.entries()) {
        const next = all[at + 1];
        if (next) {
          expect((next.getTime() - slot.getTime()) / HOUR).toBeGreaterThanOrEqual(22);
          expect((next.getTime() - slot.getTime()) / HOUR).toBeLessThanOrEqual(26);
        }
        expect(slots.last(slot)).toEqual(slot);
        expect(slots.last(new Date(slot.getTime() + 1))).toEqual(slot);
      }
    }
  );

  it('has the same slots for a preset as for the cron of croner', () => {
    for (const cron of ['17 3 * * *', '59 2 * * 0', '0 1 28 * *', '41 * * * *']) {
      const preset = cron.includes('28 *')
        ? ('monthly' as const)
        : cron.endsWith('0')
        ? ('weekly' as const)
        : cron.startsWith('41')
        ? ('hourly' as const)
        : ('daily' as const);
      const until = preset === 'hourly' ? day('2026-04-10') : to;
      const start = preset === 'hourly' ? day('2026-03-20') : from;
      expect(slotsOf({ cron, timeZone, preset }).between(start, until, 1000)).toEqual(
        slotsOf({ cron, timeZone, preset: null }).between(start, until, 1000)
      );
    }
  });

  it('has slots of every hour that are 30 to 90 minutes apart', () => {
    const all = slotsOf({ cron: '20 * * * *', timeZone, preset: 'hourly' }).between(
      from,
      to,
      10_000
    );
    for (const [at, slot] of all.entries()) {
      const apart = ((all[at + 1]?.getTime() ?? slot.getTime() + HOUR) - slot.getTime()) / 60_000;
      expect(apart, slot.toISOString()).toBeGreaterThanOrEqual(30);
      expect(apart, slot.toISOString()).toBeLessThanOrEqual(90);
    }
  });
});

it('has a slot on each day until the first backup, where the interval is longer', () => {
  const schedule = {
    ...{ text: 'monthly', cron: '17 3 28 * *', timeZone: 'UTC', preset: 'monthly' as const },
    ...{ setOn: 'claim' as const, setBy: 'label' as const },
  };
  const at = day('2026-11-05');
  expect(slotsFor(schedule, false).next(at)).toEqual(new Date('2026-11-05T03:17:00Z'));
  expect(slotsFor(schedule, true).next(at)).toEqual(new Date('2026-11-28T03:17:00Z'));
  const cron = { ...schedule, preset: null };
  expect(slotsFor(cron, false).next(at)).toEqual(new Date('2026-11-28T03:17:00Z'));
});

it('has no slot after the last one of a year that never comes back', () => {
  const slots = slotsOf({ cron: '0 0 29 2 *', timeZone: 'UTC', preset: null });
  expect(slots.next(day('2026-01-01'))).toEqual(day('2028-02-29'));
  expect(slots.last(day('2026-01-01'))).toEqual(day('2024-02-29'));
});
