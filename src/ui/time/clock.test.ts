import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { forgetClocks, noteClock, nowMs, onClockJump } from './clock';

const NOW = Date.parse('2026-11-20T10:00:00Z');
const YESTERDAY = 'Thu, 19 Nov 2026 10:00:05 GMT';

beforeEach(() => {
  forgetClocks();
  vi.useFakeTimers({ now: NOW });
  onTestFinished(() => void vi.useRealTimers());
});

describe('the time', () => {
  it.each<[string, (string | null)[], string]>([
    ['is that of the browser before anything has answered', [], '2026-11-20T10:00:00.000Z'],
    ['is that of the browser where answers have no date', [null], '2026-11-20T10:00:00.000Z'],
    ['is that of the browser where a date cannot be read', ['soon'], '2026-11-20T10:00:00.000Z'],
    [
      'is that of the browser where it is about the same',
      ['Fri, 20 Nov 2026 10:01:30 GMT'],
      '2026-11-20T10:00:00.000Z',
    ],
    ['is that of NKVM where the two differ', [YESTERDAY], '2026-11-19T10:00:05.000Z'],
    [
      'is that of NKVM where all clusters agree',
      [YESTERDAY, 'Thu, 19 Nov 2026 10:00:50 GMT'],
      '2026-11-19T10:00:05.000Z',
    ],
    [
      'is that of the browser where one cluster has another',
      [YESTERDAY, 'Fri, 20 Nov 2026 10:00:00 GMT'],
      '2026-11-20T10:00:00.000Z',
    ],
  ])('%s', (_, dates, expected) => {
    dates.forEach((date, index) => noteClock(`cluster-${index}`, date));
    expect(new Date(nowMs()).toISOString()).toBe(expected);
  });

  it('goes on, and follows the last answer of a cluster', () => {
    noteClock('main', YESTERDAY);
    vi.setSystemTime(NOW + 60_000);
    expect(new Date(nowMs()).toISOString()).toBe('2026-11-19T10:01:05.000Z');
    noteClock('main', 'Fri, 20 Nov 2026 10:01:00 GMT');
    expect(nowMs()).toBe(NOW + 60_000);
  });

  it('tells that it has jumped, and not that it goes on', () => {
    const jump = vi.fn();
    onTestFinished(onClockJump(jump));
    noteClock('main', 'Fri, 20 Nov 2026 10:00:01 GMT');
    expect(jump).not.toHaveBeenCalled();
    noteClock('main', YESTERDAY);
    noteClock('main', 'Thu, 19 Nov 2026 10:00:06 GMT');
    expect(jump).toHaveBeenCalledTimes(1);
  });
});
