import { expect, it } from 'vitest';
import { durationMs } from './durations';

const at = (seconds: number) => new Date(seconds * 1000).toISOString();

it.each<[string, string | null, string | null, number | undefined]>([
  ['is from start to end', at(1), at(3), 2000],
  ['is nothing for a run that never started', null, at(3), undefined],
  ['is not known while it goes on', at(1), null, undefined],
  ['is not known when the clock was set back', at(3), at(1), undefined],
])('a duration %s', (_, startedAt, endedAt, ms) => {
  expect(durationMs({ startedAt, endedAt })).toBe(ms);
});
