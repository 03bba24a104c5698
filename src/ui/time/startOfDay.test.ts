import { expect, it } from 'vitest';
import { startOfDay } from './startOfDay';

it.each<[string, string | undefined, number, string]>([
  ['2026-11-20', 'UTC', 0, '2026-11-20T00:00:00.000Z'],
  ['2026-11-20', 'UTC', 1, '2026-11-21T00:00:00.000Z'],
  ['2026-11-30', 'UTC', 1, '2026-12-01T00:00:00.000Z'],
  ['2026-11-20', 'Pacific/Auckland', 0, '2026-11-19T11:00:00.000Z'],
  ['2026-11-20', 'America/Los_Angeles', 0, '2026-11-20T08:00:00.000Z'],
  ['2026-11-20', 'Asia/Kathmandu', 0, '2026-11-19T18:15:00.000Z'],
  // The days on which the clocks change, and those after them.
  ['2026-03-29', 'Europe/Berlin', 0, '2026-03-28T23:00:00.000Z'],
  ['2026-03-29', 'Europe/Berlin', 1, '2026-03-29T22:00:00.000Z'],
  ['2026-10-25', 'Europe/Berlin', 0, '2026-10-24T22:00:00.000Z'],
  ['2026-10-25', 'Europe/Berlin', 1, '2026-10-25T23:00:00.000Z'],
  ['2026-11-20', undefined, 1, new Date(2026, 10, 21).toISOString()],
])('day %s in %s, plus %i, begins at %s', (day, timeZone, plus, expected) => {
  expect(startOfDay(day, timeZone, plus).toISOString()).toBe(expected);
});
