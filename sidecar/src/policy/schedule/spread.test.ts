import { expect, it } from 'vitest';
import { slotsOf } from './slots.ts';
import { cronOf, fractionOf, presetTime } from './spread.ts';

const names = Array.from({ length: 5_000 }, (_, index) => ({
  clusterUid: '9f2c1b7a-5e0d-4c63-b1a8-7d2e4f6a8c90',
  namespace: `team-${index % 50}`,
  name: `data-${Math.floor(index / 50)}`,
}));

/** @returns how many have each value. */
const counts = (values: readonly (string | number)[]): number[] => {
  const found = new Map<string | number, number>();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return [...found.values()];
};

it('gives no minute of the hour more than twice the even share of 5,000 hourly claims', () => {
  const minutes = names.map(key => presetTime('hourly', key, 'backup').minute);
  expect(counts(minutes)).toHaveLength(60);
  expect(Math.max(...counts(minutes))).toBeLessThanOrEqual((2 * 5_000) / 60);
});

it('uses every hour of the day, every day of the week, and the days that each month has', () => {
  const times = names.map(key => presetTime('monthly', key, 'backup'));
  const fields = [
    [times.map(({ hour }) => hour), 24],
    [times.map(({ weekday }) => weekday), 7],
    [times.map(({ dayOfMonth }) => dayOfMonth), 28],
  ] as const;
  for (const [values, count] of fields) {
    expect(counts(values)).toHaveLength(count);
    expect(Math.max(...counts(values))).toBeLessThanOrEqual((2 * 5_000) / count);
  }
  expect(Math.min(...times.map(({ dayOfMonth }) => dayOfMonth))).toBe(1);
});

it('stays the same for a name, and differs between purposes, clusters and namespaces', () => {
  const key = { clusterUid: 'a', namespace: 'shop', name: 'data' };
  expect(fractionOf(key, 'backup')).toBe(fractionOf({ ...key }, 'backup'));
  // Written down once: a later version that moves all runs of all clusters must do so on purpose.
  expect(cronOf(presetTime('weekly', key, 'backup'))).toBe('12 13 * * 5');
  const others = [
    fractionOf(key, 'drill'),
    fractionOf(key, 'make-up'),
    fractionOf({ ...key, clusterUid: 'b' }, 'backup'),
    fractionOf({ ...key, namespace: 'sho', name: 'pdata' }, 'backup'),
  ];
  expect(new Set([fractionOf(key, 'backup'), ...others]).size).toBe(5);
});

it('has a time within the year for every cron that it makes', () => {
  for (const key of names.slice(0, 50)) {
    for (const preset of ['hourly', 'daily', 'weekly', 'monthly'] as const) {
      const cron = cronOf(presetTime(preset, key, 'backup'));
      const slots = slotsOf({ cron, timeZone: 'UTC', preset });
      const found = slots.between(new Date('2026-01-01'), new Date('2027-01-01'), 20);
      expect(found.length, cron).toBeGreaterThanOrEqual(12);
    }
  }
});
