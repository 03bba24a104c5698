import { expect, it } from 'vitest';
import { formatAgo, formatDate, formatDuration, formatIn, formatShortDuration } from './time';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

it.each([
  [0, '0 sec'],
  [420, '0.4 sec'],
  [12_400, '12 sec'],
  [59_700, '1 min'],
  [3 * MINUTE + 5_000, '3 min 5 sec'],
  [2 * HOUR + MINUTE, '2 hr 1 min'],
])('writes a duration of %d ms as %s', (ms, expected) => {
  expect(formatDuration(ms, 'en')).toBe(expected);
});

it.each([
  [0, '0 ms'],
  [12.4, '12 ms'],
  [1_240, '1.2 sec'],
])('writes a short duration of %d ms as %s', (ms, expected) => {
  expect(formatShortDuration(ms, 'en')).toBe(expected);
});

it.each([
  [-5_000, 'now'],
  [3_000, 'now'],
  [30_000, '30 seconds ago'],
  [5 * MINUTE, '5 minutes ago'],
  [23 * HOUR, '23 hours ago'],
  [DAY, 'yesterday'],
  [59 * DAY, '59 days ago'],
  [90 * DAY, '3 months ago'],
  [800 * DAY, '2 years ago'],
])('writes %d ms ago as %s', (ms, expected) => expect(formatAgo(ms, 'en')).toBe(expected));

it.each([
  [-5_000, 'now'],
  [30_000, 'in 30 seconds'],
  [5 * MINUTE, 'in 5 minutes'],
  [23 * HOUR, 'in 23 hours'],
  [DAY, 'tomorrow'],
  [90 * DAY, 'in 3 months'],
])('writes %d ms from now as %s', (ms, expected) => expect(formatIn(ms, 'en')).toBe(expected));

it('writes a date in a language and a time zone', () => {
  const date = '2026-11-20T23:05:00.000Z';
  expect(formatDate(date, 'en', 'UTC')).toMatch(/^Nov 20, 2026, 11:05\sPM$/);
  expect(formatDate(date, 'de', 'Asia/Tokyo')).toBe('21.11.2026, 08:05');
});
