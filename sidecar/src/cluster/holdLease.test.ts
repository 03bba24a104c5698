import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HeldLease, HoldOptions } from './holdLease.ts';
import { holdLease } from './holdLease.ts';
import type { Lease, LeaseRecord } from './leases.ts';

/** One Lease in memory, with the API server's rule: a write names the version that it replaces. */
function memoryLease() {
  let record: LeaseRecord | undefined;
  let version = 0;
  let isDown = false;
  const lease: Lease = {
    name: 'nkvm/nkvm',
    async read() {
      if (isDown) throw new Error('connect ECONNREFUSED');
      return record && { ...record };
    },
    async write(next, over) {
      if (isDown) throw new Error('connect ECONNREFUSED');
      if (over !== record?.version) return undefined;
      record = { ...next, version: String((version += 1)) };
      return record.version;
    },
  };
  return {
    lease,
    holder: () => record?.holder,
    down: (value: boolean) => (isDown = value),
    take: (holder: string) =>
      (record = { holder, durationSeconds: 60, version: String((version += 1)) }),
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
    everyMs: 10_000,
    onWait: why => said.push(`${holder} waits: ${why}`),
    onLost: why => (state.lost = why),
    now: () => Date.now(),
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

/** Node's own promised timers are not faked: so they are replaced by the faked callback timer. */
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number, value: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms, value);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
}));

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

  it('is lost when it was deleted', async () => {
    const a = hold('a');
    await pass(0);
    world.remove();
    await pass(10_000);
    expect(a.lost).toMatch(/was deleted/);
  });

  it('outlives an API server that is away for a moment', async () => {
    const a = hold('a');
    await pass(0);
    world.down(true);
    await pass(30_000);
    world.down(false);
    await pass(600_000);
    expect(a.lost).toBeUndefined();
  });

  it('is lost before anybody else may take it, when it cannot be renewed', async () => {
    const a = hold('a');
    await pass(0);
    world.down(true);
    await pass(50_000);
    expect(a.lost).toMatch(/not renewed for 50 s: connect ECONNREFUSED/);
    world.down(false);
    const b = hold('b');
    await pass(9_000);
    expect(b.held).toBeUndefined();
  });

  it('says why it waits when the API server refuses', async () => {
    world.down(true);
    hold('a');
    await pass(20_000);
    expect(said).toEqual(['a waits: Lease nkvm/nkvm cannot be had: connect ECONNREFUSED']);
  });
});
