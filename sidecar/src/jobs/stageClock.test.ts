import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stageClock } from './stageClock.ts';

beforeEach(() => void vi.useFakeTimers({ now: new Date('2026-11-21T10:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const clockWith = (limits: Parameters<typeof stageClock>[0]['limits'] = {}) =>
  stageClock({ now: () => new Date(), limits, onChange: () => undefined });

describe('stageClock', () => {
  it('knows when each stage began and ended', () => {
    const clock = clockWith();
    clock.enter('create');
    vi.advanceTimersByTime(1000);
    clock.enter('wait');
    vi.advanceTimersByTime(500);
    clock.stop();
    expect(clock.times()).toEqual([
      {
        stage: 'create',
        startedAt: '2026-11-21T10:00:00.000Z',
        endedAt: '2026-11-21T10:00:01.000Z',
      },
      { stage: 'wait', startedAt: '2026-11-21T10:00:01.000Z', endedAt: '2026-11-21T10:00:01.500Z' },
    ]);
  });

  it('lets no run skip a stage', () => {
    const clock = clockWith();
    clock.enter('create');
    expect(() => clock.enter('publish')).toThrow('a run cannot go from create to publish');
  });

  it('gives up a stage that takes too long, and no other', () => {
    const clock = clockWith({ create: 1000, wait: 1000 });
    clock.enter('create');
    vi.advanceTimersByTime(900);
    clock.enter('wait');
    vi.advanceTimersByTime(900);
    expect(clock.signal.aborted).toBe(false);
    vi.advanceTimersByTime(100);
    expect(clock.signal.reason).toMatchObject({ stage: 'wait', reason: 'StageTimedOut' });
  });

  it('gives a stage that goes on its time anew', () => {
    const clock = clockWith({ create: 1000 });
    clock.enter('create');
    for (let seconds = 0; seconds < 10; seconds += 1) {
      vi.advanceTimersByTime(900);
      clock.goesOn();
    }
    expect(clock.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(clock.signal.reason.message).toBe('stage create brought nothing for 1 s');
    clock.stop();
  });
});
