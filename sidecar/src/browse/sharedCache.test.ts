import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sharedCache } from './sharedCache.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const cacheOf = () =>
  sharedCache<{ name: string; bytes: number }>({
    keepBytes: 100,
    keepMs: 1_000,
    graceMs: 50,
    sizeOf: ({ bytes }) => bytes,
  });
const making = (name: string, bytes = 40) => vi.fn(async () => ({ name, bytes }));
/** Never done; rejects when it is stopped. */
const endless = () =>
  vi.fn(
    (signal: AbortSignal) =>
      new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      })
  );

describe('a shared cache', () => {
  it('makes a thing once for all who want it', async () => {
    const cache = cacheOf();
    const make = making('a');
    const both = await Promise.all([cache.get('a', make), cache.get('a', make)]);
    expect(both[0]).toBe(both[1]);
    expect(await cache.get('a', make)).toBe(both[0]);
    expect(make).toHaveBeenCalledTimes(1);
  });

  it('forgets what nobody wants any more', async () => {
    const cache = cacheOf();
    await cache.get('a', making('a'));
    await vi.advanceTimersByTimeAsync(900);
    await cache.get('a', making('a'));
    await vi.advanceTimersByTimeAsync(900);
    expect(cache.peek('a')).toBeDefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(cache.peek('a')).toBeUndefined();
  });

  it('keeps what was used last, as far as there is room', async () => {
    const cache = cacheOf();
    await cache.get('a', making('a'));
    await cache.get('b', making('b'));
    await cache.get('a', making('a'));
    await cache.get('c', making('c'));
    expect(['a', 'b', 'c'].map(name => cache.peek(name) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
    await cache.get('huge', making('huge', 1_000));
    expect(['a', 'c', 'huge'].map(name => cache.peek(name) !== undefined)).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('does not keep a failure', async () => {
    const cache = cacheOf();
    const failing = async () => {
      throw new Error('broken');
    };
    await expect(cache.get('a', failing)).rejects.toThrow('broken');
    expect(await cache.get('a', making('a'))).toMatchObject({ name: 'a' });
  });

  it('goes on for a while when all who wait have gone, and is abandoned then', async () => {
    const cache = cacheOf();
    const make = endless();
    const stop = new AbortController();
    const waiting = cache.get('a', make, stop.signal);
    stop.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    const again = new AbortController();
    const second = cache.get('a', make, again.signal);
    await vi.advanceTimersByTimeAsync(100);
    expect(make).toHaveBeenCalledTimes(1);
    again.abort(new Error('gone, too'));
    await expect(second).rejects.toThrow('gone, too');
    await vi.advanceTimersByTimeAsync(100);
    expect(make.mock.calls[0]![0].aborted).toBe(true);
    expect(await cache.get('a', making('a'))).toMatchObject({ name: 'a' });
  });

  it('makes few things at once', async () => {
    const cache = cacheOf();
    const first = endless();
    const stops = ['a', 'b'].map(name => {
      const stop = new AbortController();
      cache.get(name, first, stop.signal).catch(() => undefined);
      return stop;
    });
    const third = making('c');
    const waiting = cache.get('c', third);
    await vi.advanceTimersByTimeAsync(10);
    expect(first).toHaveBeenCalledTimes(2);
    expect(third).not.toHaveBeenCalled();
    stops[0]!.abort(new Error('gone'));
    await vi.advanceTimersByTimeAsync(100);
    expect(await waiting).toMatchObject({ name: 'c' });
  });

  it('stops everything at the end', async () => {
    const cache = cacheOf();
    const waiting = cache.get('a', endless());
    cache.stop();
    await expect(waiting).rejects.toThrow('NKVM is stopping');
  });
});
