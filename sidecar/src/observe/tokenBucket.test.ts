import { describe, expect, it } from 'vitest';
import { rateLimit, tokenBucket } from './tokenBucket.ts';

let ms = 0;
const now = () => ms;
/** Takes as often as asked. @returns how often it was given. */
const taken = (take: () => boolean, times: number): number =>
  Array.from({ length: times }, take).filter(Boolean).length;

describe('a token bucket', () => {
  const take = tokenBucket({ burst: 3, everyMs: 1000 }, now);

  it('gives its burst at once, and no more', () => expect(taken(take, 10)).toBe(3));
  it('gives another one after its time, and not before', () => {
    ms += 999;
    expect(taken(take, 2)).toBe(0);
    ms += 1;
    expect(taken(take, 2)).toBe(1);
  });
  it('is never fuller than its burst', () => {
    ms += 1_000_000;
    expect(taken(take, 10)).toBe(3);
  });
});

describe('the limit of many things', () => {
  it('holds for each of them, and for all together', () => {
    const may = rateLimit({ burst: 2, everyMs: 1000 }, { burst: 5, everyMs: 1000 }, now);
    expect(taken(() => may('a'), 4)).toBe(2);
    expect(taken(() => may('b'), 4)).toBe(2);
    expect(taken(() => may('c'), 4)).toBe(1);
  });

  it('forgets the one that was not touched for the longest time', () => {
    const each = { burst: 1, everyMs: 1e9 };
    const may = rateLimit(each, { burst: 100, everyMs: 1 }, now, 2);
    expect(['a', 'b', 'a', 'c', 'a', 'b'].map(may)).toEqual([true, true, false, true, false, true]);
  });
});
