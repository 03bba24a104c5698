import { expect, it } from 'vitest';
import { aPlanned } from '../testing/policySamples';
import { MOST_MARKS, timelineOf } from './timeline';

const now = () => Date.now();

it('puts the oldest archive at the left end, and now at the right one', () => {
  const { marks } = timelineOf([aPlanned(0, true), aPlanned(5, true), aPlanned(100, false)], now());
  expect(marks.map(({ archive }) => archive.backup)).toEqual(['run-100', 'run-5', 'run-0']);
  expect(marks[0]!.x).toBeCloseTo(0, 3);
  expect(marks[2]!.x).toBeCloseTo(1, 3);
  expect(marks[1]!.x).toBeGreaterThan(0.5);
});

it('names the ages that are younger than the oldest archive', () => {
  const idsOf = (hours: number) =>
    timelineOf([aPlanned(hours, true)], now()).ticks.map(({ id }) => id);
  expect(idsOf(0.1)).toEqual(['hour']);
  expect(idsOf(30)).toEqual(['hour', 'day']);
  expect(idsOf(24 * 400)).toEqual(['hour', 'day', 'week', 'month', 'year']);
});

it('leaves out ages whose names would be upon each other', () => {
  const { ticks } = timelineOf([aPlanned(24 * 120, true)], now(), 0.25);
  expect(ticks.map(({ id }) => id)).toEqual(['hour', 'day', 'month']);
});

it('has places for archives of the future, by a wrong clock, and for none at all', () => {
  expect(timelineOf([aPlanned(-3, true)], now()).marks[0]!.x).toBeCloseTo(1, 3);
  expect(timelineOf([], now()).marks).toEqual([]);
});

it('shows the newest archives of very many', () => {
  const many = Array.from({ length: MOST_MARKS + 5 }, (_, hour) => aPlanned(hour, true));
  const { marks } = timelineOf(many, now());
  expect(marks).toHaveLength(MOST_MARKS);
  expect(marks.at(-1)!.archive.backup).toBe('run-0');
});
