import { expect, it } from 'vitest';
import { firstIdAfter, runIds, timeOfRunId } from './runId.ts';

const noon = Date.parse('2026-11-20T12:00:00.123Z');

it('gives 26 characters that file names and labels of Kubernetes take', () => {
  const next = runIds();
  for (let i = 0; i < 1_000; i += 1) expect(next()).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
});

it('begins with the time', () => {
  const times = [0, noon, noon + 1, Date.parse('9999-12-31T23:59:59.999Z')];
  const ids = times.map(time => runIds({ now: () => time, random: n => new Uint8Array(n) })());
  expect(ids.map(id => timeOfRunId(id).getTime())).toEqual(times);
  expect([...ids].sort()).toEqual(ids);
});

it('gives greater ids when the clock stands still or steps back', () => {
  let time = noon;
  const next = runIds({ now: () => time, random: n => new Uint8Array(n).fill(255) });
  const ids = [next(), next()];
  time -= 3_600_000;
  ids.push(next(), next());
  time = noon + 1;
  ids.push(next());
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(5);
});

it('gives different ids in different processes in one millisecond', () => {
  const give = () => runIds({ ...sources, now: () => noon })();
  const ids = Array.from({ length: 100 }, give);
  expect(new Set(ids).size).toBe(100);
});

it('gives greater ids than an earlier process when the clock was set back by a day', () => {
  const random = (n: number) => new Uint8Array(n).fill(255);
  const [first, second] = (next => [next(), next()])(runIds({ now: () => noon, random }));
  const next = runIds({ now: () => noon - 86_400_000, random }, second);
  const ids = [first, second, next(), next()];
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(4);
});

it('does not follow an id that a wrong clock has given far ahead of time', () => {
  const of2100 = runIds({ ...sources, now: () => Date.UTC(2100, 0, 1) })();
  const next = runIds({ ...sources, now: () => noon }, of2100);
  expect([next(), next()].map(id => timeOfRunId(id).getTime())).toEqual([noon, noon]);
});

it('comes back when the clock is put right while it runs, and stays in order from then on', () => {
  let time = Date.UTC(2100, 0, 1);
  const next = runIds({ ...sources, now: () => time });
  next();
  time = noon;
  const ids = [next(), next(), next()];
  expect(ids.map(id => timeOfRunId(id).getTime())).toEqual([noon, noon, noon]);
  expect([...ids].sort()).toEqual(ids);
});

it('follows every id when the clock shows a time before NKVM existed', () => {
  const last = runIds({ ...sources, now: () => noon })();
  const next = runIds({ ...sources, now: () => 0 }, last);
  expect(timeOfRunId(next()).getTime()).toBe(noon);
});

it('gives the first id that is later than a time', () => {
  const given = runIds({ now: () => noon, random: n => new Uint8Array(n).fill(255) })();
  expect(given < firstIdAfter(noon)).toBe(true);
  expect(runIds({ ...sources, now: () => noon + 1 })() > firstIdAfter(noon)).toBe(true);
});

it.each(['', 'a', 'ILOU56789012345678901234', 'i'.repeat(26)])('goes by the clock after %j', id => {
  expect(timeOfRunId(runIds({ ...sources, now: () => noon }, id)()).getTime()).toBe(noon);
});

const sources = { now: Date.now, random: (n: number) => crypto.getRandomValues(new Uint8Array(n)) };
