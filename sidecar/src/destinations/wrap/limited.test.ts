import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StageError } from '../../errors.ts';
import { describeDestination } from '../../testing/destinations/destinationSuite.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import type { Destination } from '../destination.ts';
import { keysOf } from '../destination.ts';
import { limited } from './limited.ts';

describeDestination('memory, with a limit of time', async () => {
  const storage = memoryStorage();
  return {
    destination: limited(memoryDestination(storage), 1_000),
    restarted: () => limited(memoryDestination(storage), 1_000),
    ofAnother: () => limited(memoryDestination(storage, 'another'), 1_000),
  };
});

const never = () => new Promise<never>(() => undefined);
const bodyOf = (contents: string) => Readable.from([Buffer.from(contents)]);

/** As over NFS whose server is unavailable: no call returns. */
const hanging = (): Destination => ({
  ...memoryDestination(),
  stage: never,
  put: never,
  stat: never,
  open: never,
  list: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }),
  remove: never,
  sweep: never,
  freeBytes: never,
});

const CALLS: [string, (to: Destination, signal?: AbortSignal) => Promise<unknown>][] = [
  ['put', (to, signal) => to.put('k', 'x', { signal })],
  ['stat', (to, signal) => to.stat('k', { signal })],
  ['open', (to, signal) => to.open('k', { signal })],
  ['list', (to, signal) => keysOf(to, { signal })],
  ['remove', (to, signal) => to.remove('k', { signal })],
  ['sweep', (to, signal) => to.sweep({ signal })],
];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** @returns whether a call has ended by now, and how. */
const watch = (call: Promise<unknown>) => {
  const seen: { error?: unknown } = {};
  call.catch(error => (seen.error = error));
  return seen;
};

describe('a storage that hangs', () => {
  it.each([...CALLS, ['freeBytes', (to: Destination) => to.freeBytes()] as const])(
    'ends %s after the limit',
    async (_, call) => {
      const seen = watch(call(limited(hanging(), 60_000)));
      await vi.advanceTimersByTimeAsync(59_999);
      expect(seen.error).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1);
      expect(seen.error).toMatchObject({
        name: 'StageError',
        reason: 'DestinationTimedOut',
        class: 'transient',
        message: expect.stringContaining('destination memory did not answer within 60 s'),
      });
    }
  );

  it.each([
    ...CALLS,
    ['stage', (to, signal) => to.stage('k', new PassThrough(), { signal })],
  ] as typeof CALLS)('ends %s soon after its caller stopped it', async (_, call) => {
    const stop = new AbortController();
    const seen = watch(call(limited(hanging(), 60_000), stop.signal));
    const why = new StageError('copy', 'RunTimedOut', 'too slow', 'give it time', 'unknown');
    stop.abort(why);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(seen.error).toBe(why);
  });

  it('lets go of a stream whose staging hangs', async () => {
    const [stop, body] = [new AbortController(), new PassThrough()];
    watch(limited(hanging(), 60_000).stage('k', body, { signal: stop.signal }));
    stop.abort();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(body.destroyed).toBe(true);
  });

  it('gives storage far away the minutes that it needs to put an archive together', async () => {
    const memory = memoryDestination();
    const far: Destination = {
      ...memory,
      isNear: false,
      stage: async (...words) => ({ ...(await memory.stage(...words)), publish: never }),
    };
    const seen = watch((await limited(far, 60_000).stage('k', bodyOf('x'))).publish());
    await vi.advanceTimersByTimeAsync(15 * 60_000 - 1);
    expect(seen.error).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(seen.error).toMatchObject({ reason: 'DestinationTimedOut', stage: 'publish' });
  });

  it('gives the checksum of a big archive the time that reading it takes', async () => {
    const memory = memoryDestination();
    const to: Destination = {
      ...memory,
      stage: async (...words) => ({
        ...(await memory.stage(...words)),
        bytes: 600_000_000,
        confirm: never,
      }),
    };
    const staged = await limited(to, 60_000).stage('k', bodyOf('x'));
    const seen = watch(staged.confirm());
    await vi.advanceTimersByTimeAsync(119_999);
    expect(seen.error).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(seen.error).toMatchObject({ reason: 'DestinationTimedOut' });
  });

  it.each(['readBack', 'publish', 'discard'] as const)('ends %s of what was staged', async step => {
    const memory = memoryDestination();
    const to: Destination = {
      ...memory,
      stage: async (...words) => ({ ...(await memory.stage(...words)), [step]: never }),
    };
    const staged = await limited(to, 60_000).stage('k', bodyOf('x'));
    const seen = watch(staged[step]());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen.error).toMatchObject({ reason: 'DestinationTimedOut' });
  });

  it('is not asked any more while two calls have not returned, and is again when they have', async () => {
    const answer = Promise.withResolvers<undefined>();
    let calls = 0;
    const stat = async () => {
      calls += 1;
      return await answer.promise;
    };
    const to = limited({ ...memoryDestination(), stat }, 60_000);
    const seen = [watch(to.stat('a')), watch(to.stat('b'))];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen).toMatchObject([
      { error: { name: 'StageError' } },
      { error: { name: 'StageError' } },
    ]);
    await expect(to.stat('c')).rejects.toMatchObject({
      reason: 'DestinationTimedOut',
      message: expect.stringContaining('earlier calls have not returned'),
    });
    expect(calls).toBe(2);
    answer.resolve(undefined);
    await vi.advanceTimersByTimeAsync(0);
    expect(await to.stat('d')).toBeUndefined();
  });

  it('is asked for its free space by one call at a time, whoever asks', async () => {
    const answer = Promise.withResolvers<number>();
    let calls = 0;
    const freeBytes = () => {
      calls += 1;
      return answer.promise;
    };
    const to = limited({ ...memoryDestination(), freeBytes }, 60_000);
    const seen = [1, 2, 3].map(() => watch(to.freeBytes()));
    await vi.advanceTimersByTimeAsync(60_000);
    for (const one of seen) expect(one.error).toMatchObject({ reason: 'DestinationTimedOut' });
    await expect(to.freeBytes()).rejects.toMatchObject({ reason: 'DestinationTimedOut' });
    expect(calls).toBe(1);
    answer.resolve(7);
    await vi.advanceTimersByTimeAsync(0);
    expect(await to.freeBytes()).toBe(7);
    expect(await to.freeBytes()).toBe(7);
  });
});

it('remembers free space for a few seconds', async () => {
  let calls = 0;
  const to = limited({ ...memoryDestination(), freeBytes: async () => (calls += 1) }, 60_000);
  expect([await to.freeBytes(), await to.freeBytes()]).toEqual([1, 1]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await to.freeBytes()).toBe(2);
});

it('closes an archive that is opened too late', async () => {
  const body = new PassThrough();
  const opened = Promise.withResolvers<Readable>();
  const to = limited({ ...memoryDestination(), open: () => opened.promise }, 60_000);
  watch(to.open('k'));
  await vi.advanceTimersByTimeAsync(60_000);
  opened.resolve(body);
  await vi.advanceTimersByTimeAsync(0);
  expect(body.destroyed).toBe(true);
});
