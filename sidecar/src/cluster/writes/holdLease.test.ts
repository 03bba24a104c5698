import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StageError } from '../../errors.ts';
import type { HeldLease, HoldOptions } from './holdLease.ts';
import { holdLease } from './holdLease.ts';
import type { Lease, LeaseRecord } from './leases.ts';

/** One Lease in memory, with the API server's rule: a write names the version that it replaces. */
function memoryLease() {
  let record: LeaseRecord | undefined;
  let version = 0;
  let isDown = false;
  let writtenAt = 0;
  /** How long each call takes before it is answered or fails. */
  let hangMs = 0;
  const hang = () => new Promise<void>(resolve => setTimeout(resolve, hangMs));
  const lease: Lease = {
    name: 'nkvm/nkvm',
    async read() {
      if (hangMs) await hang();
      if (isDown) throw new Error('connect ECONNREFUSED');
      return record && { ...record };
    },
    async write(next, over) {
      // Carried out at once; the answer takes its time.
      const isTaken = !isDown && over === record?.version;
      if (isTaken) {
        record = { ...next, version: String((version += 1)) };
        writtenAt = Date.now();
      }
      const answer = isTaken ? record?.version : undefined;
      const failed = isDown;
      if (hangMs) await hang();
      if (failed) throw new Error('connect ECONNREFUSED');
      return answer;
    },
  };
  return {
    lease,
    holder: () => record?.holder,
    down: (value: boolean) => (isDown = value),
    hang: (ms: number) => (hangMs = ms),
    take: (holder: string) =>
      (record = { holder, durationSeconds: 60, version: String((version += 1)) }),
    writtenAt: () => writtenAt,
    remove: () => (record = undefined),
  };
}

let world: ReturnType<typeof memoryLease>;
let said: string[];
const ends: AbortController[] = [];

/** Starts to hold the Lease as `holder`. */
function hold(holder: string, change: Partial<HoldOptions> = {}) {
  const end = new AbortController();
  ends.push(end);
  const state: { held?: HeldLease; lost?: string } = {};
  const done = holdLease(world.lease, {
    holder,
    durationMs: 60_000,
    marginMs: 10_000,
    everyMs: 5_000,
    onWait: why => said.push(`${holder} waits: ${why}`),
    onLost: why => (state.lost = why),
    now: () => Date.now(),
    wallClock: () => Date.now(),
    signal: end.signal,
    ...change,
  }).then(
    held => (state.held = held),
    () => undefined
  );
  return Object.assign(state, { done });
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  world = memoryLease();
  said = [];
});
afterEach(() => {
  ends.forEach(end => end.abort());
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('holdLease', () => {
  it('takes a Lease that nobody has, and keeps it', async () => {
    const a = hold('a');
    await pass(0);
    expect(a.held).toBeDefined();
    await pass(600_000);
    expect(a.lost).toBeUndefined();
    expect(world.holder()).toBe('a');
  });

  it('waits while another one renews, says so once, and takes over at once when it is given back', async () => {
    const a = hold('a');
    await pass(0);
    const b = hold('b');
    await pass(300_000);
    expect(b.held).toBeUndefined();
    expect(said).toEqual(['b waits: a holds Lease nkvm/nkvm']);
    await a.held?.release();
    await pass(10_000);
    expect(b.held).toBeDefined();
  });

  it('takes over from a holder that is gone, after its time', async () => {
    world.take('dead');
    const b = hold('b');
    await pass(59_000);
    expect(b.held).toBeUndefined();
    await pass(12_000);
    expect(b.held).toBeDefined();
  });

  it('goes on at once after a crash of its own', async () => {
    world.take('a');
    const a = hold('a');
    await pass(0);
    expect(a.held).toBeDefined();
  });

  it('gives one of many that start together the Lease', async () => {
    const all = ['a', 'b', 'c', 'd'].map(holder => hold(holder));
    await pass(100_000);
    expect(all.filter(({ held }) => held)).toHaveLength(1);
  });

  it('is lost when somebody has taken it', async () => {
    const a = hold('a');
    await pass(0);
    world.take('thief');
    await pass(10_000);
    expect(a.lost).toMatch(/thief has taken Lease nkvm\/nkvm/);
  });

  it('is taken again when it was deleted', async () => {
    const a = hold('a');
    await pass(0);
    world.remove();
    await pass(10_000);
    expect(a.lost).toBeUndefined();
    expect(world.holder()).toBe('a');
    expect(a.held?.isHeld()).toBe(true);
  });

  it('is lost when it was deleted and another process was faster', async () => {
    const a = hold('a');
    await pass(0);
    world.remove();
    world.take('thief');
    await pass(10_000);
    expect(a.lost).toMatch(/thief has taken/);
    expect(() => a.held?.assertHeld()).toThrow(/thief has taken/);
  });

  it.each<[string, () => unknown]>([
    ['given back', () => world.take('')],
    ['deleted', () => world.remove()],
  ])('is lost when another process may have had it before it was %s', async (_, change) => {
    const a = hold('a');
    await pass(0);
    world.down(true);
    await pass(120_000);
    world.take('b');
    change();
    world.down(false);
    await pass(5_000);
    expect(a.lost).toMatch(/another process has taken/);
    expect(() => a.held?.assertHeld()).toThrow(StageError);
  });

  it('knows its own write whose answer was lost', async () => {
    const a = hold('a');
    await pass(0);
    world.take('a');
    await pass(600_000);
    expect(a.lost).toBeUndefined();
    expect(a.held?.isHeld()).toBe(true);
  });

  it('outlives an API server that is away for a moment', async () => {
    const a = hold('a');
    await pass(0);
    world.down(true);
    await pass(30_000);
    expect(() => a.held?.assertHeld()).not.toThrow();
    world.down(false);
    await pass(600_000);
    expect(a.held?.isHeld()).toBe(true);
  });

  it('refuses writes before another process may take it, and ends nothing', async () => {
    const a = hold('a');
    await pass(0);
    const told: boolean[] = [];
    a.held?.onChange(isHeld => told.push(isHeld));
    world.down(true);
    await pass(49_000);
    expect(() => a.held?.assertHeld()).not.toThrow();
    await pass(1_000);
    expect(() => a.held?.assertHeld()).toThrow(
      /Lease nkvm\/nkvm was not renewed for 50 s: connect ECONNREFUSED/
    );
    expect(told).toEqual([false]);
    await pass(600_000);
    expect(a.lost).toBeUndefined();
    world.down(false);
    await pass(5_000);
    expect(() => a.held?.assertHeld()).not.toThrow();
    expect(told).toEqual([false, true]);
  });

  it('ends when it comes back and sees that another process has taken over', async () => {
    const a = hold('a');
    await pass(0);
    world.down(true);
    await pass(70_000);
    world.take('b');
    world.down(false);
    await pass(5_000);
    expect(a.lost).toMatch(/b has taken/);
    expect(() => a.held?.assertHeld()).toThrow(StageError);
  });

  it.each([0, 4_850])(
    'stops to write 10 s before another may take it, whenever the API server goes away, with calls of %i ms',
    async hangMs => {
      for (let awayAt = 0; awayAt < 6_000; awayAt += 500) {
        world = memoryLease();
        world.hang(hangMs);
        const a = hold('a');
        await pass(20_000 + awayAt);
        expect(a.held?.isHeld()).toBe(true);
        const lastWrite = world.writtenAt();
        world.down(true);
        for (let ms = 0; ms < 70_000; ms += 250) {
          await pass(250);
          const sinceWriteMs = Date.now() - lastWrite;
          if (sinceWriteMs >= 50_000)
            expect([sinceWriteMs, a.held?.isHeld()]).toEqual([sinceWriteMs, false]);
        }
      }
    }
  );

  it('refuses a write at once in a process that stood still', async () => {
    const a = hold('a');
    await pass(0);
    vi.setSystemTime(Date.now() + 60_000); // no timer has run meanwhile
    expect(() => a.held?.assertHeld()).toThrow(/not renewed for 60 s/);
    await pass(5_000);
    expect(a.held?.isHeld()).toBe(true); // nobody has taken it: the next renewal proves that
  });

  it('refuses a write after a pause of the machine that only the wall clock has counted', async () => {
    let paused = 0;
    const a = hold('a', { wallClock: () => Date.now() + paused });
    await pass(0);
    paused = 3_600_000;
    expect(() => a.held?.assertHeld()).toThrow(/not renewed for 3600 s/);
  });

  it('counts from the beginning of the write that took it', async () => {
    world.hang(4_000);
    const a = hold('a');
    await pass(8_000); // read, then write
    expect(a.held?.isHeld()).toBe(true);
    world.down(true);
    await pass(45_999);
    expect(a.held?.isHeld()).toBe(true);
    await pass(1);
    expect(a.held?.isHeld()).toBe(false);
  });

  it('refuses writes once it was given back', async () => {
    const a = hold('a');
    await pass(0);
    await a.held?.release();
    expect(() => a.held?.assertHeld()).toThrow(/was released/);
    await pass(60_000);
    expect(world.holder()).toBe('');
  });

  it('says why it waits when the API server refuses', async () => {
    world.down(true);
    hold('a');
    await pass(20_000);
    expect(said).toEqual(['a waits: Lease nkvm/nkvm cannot be taken: connect ECONNREFUSED']);
  });
});
