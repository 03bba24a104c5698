import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { outagesOf } from './outages.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An API server that is unavailable when the test says so. */
function apiServer() {
  let isAway = false;
  const listeners = new Set<() => void>();
  return {
    isAway: () => isAway,
    onChange(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(away: boolean) {
      isAway = away;
      listeners.forEach(listener => listener());
    },
  };
}

const answerOf = async (hadOutage: () => Promise<boolean>): Promise<boolean> => {
  const answer = hadOutage();
  await vi.advanceTimersByTimeAsync(2_000);
  return await answer;
};

it('counts an outage that begins and ends while a run is under way', async () => {
  const api = apiServer();
  const hadOutage = outagesOf(api).since();
  expect(await answerOf(hadOutage)).toBe(false);
  api.set(true);
  vi.advanceTimersByTime(5_000);
  api.set(false);
  expect(await answerOf(hadOutage)).toBe(true);
});

it('does not count a failed call after which the API server answers at once', async () => {
  const api = apiServer();
  const hadOutage = outagesOf(api).since();
  api.set(true);
  vi.advanceTimersByTime(200);
  api.set(false);
  expect(await answerOf(hadOutage)).toBe(false);
});

it('waits until it is certain when the API server has just gone away', async () => {
  const api = apiServer();
  const outages = outagesOf(api);
  api.set(true);
  expect(await answerOf(outages.since())).toBe(true);
  api.set(false);
  api.set(true);
  const answer = outages.since()();
  await vi.advanceTimersByTimeAsync(200);
  api.set(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await answer).toBe(false);
});

it('counts an outage that had begun before the run', async () => {
  const api = apiServer();
  const outages = outagesOf(api);
  api.set(true);
  vi.advanceTimersByTime(3_000);
  const hadOutage = outages.since();
  api.set(false);
  expect(await answerOf(hadOutage)).toBe(true);
});

it('does not count one that was over before', async () => {
  const api = apiServer();
  const outages = outagesOf(api);
  api.set(true);
  vi.advanceTimersByTime(3_000);
  api.set(false);
  expect(await answerOf(outages.since())).toBe(false);
});

it('counts an outage whose end comes before a timer that is due, as on a busy machine', async () => {
  const api = apiServer();
  let now = 0;
  const hadOutage = outagesOf(api, 1_000, () => now).since();
  api.set(true);
  now = 5_000;
  api.set(false);
  expect(await answerOf(hadOutage)).toBe(true);
});
