import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { StageError } from '../../errors.ts';
import type { Branch, FanOutOptions } from './fanOut.ts';
import { fanOut } from './fanOut.ts';

const MiB = 1024 * 1024;
const contents = randomBytes(3 * MiB);

/** Pieces of `contents`; how many were read of it. */
function sourceOf(failAfter = Infinity) {
  const seen = { bytes: 0 };
  async function* pieces() {
    for (let at = 0; at < contents.length; at += 64 * 1024) {
      if (at >= failAfter) throw new Error('reset by peer');
      const piece = contents.subarray(at, at + 64 * 1024);
      seen.bytes += piece.length;
      yield piece;
    }
  }
  return { seen, source: Readable.from(pieces(), { objectMode: false, highWaterMark: 1 }) };
}

const late: string[] = [];
const branch = (name: string, take: Branch<Buffer>['take']): Branch<Buffer> => ({
  name,
  take,
  letGo: () => late.push(name),
});

const collect: Branch<Buffer>['take'] = async body => {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};
const breaks: Branch<Buffer>['take'] = async body => {
  await body[Symbol.asyncIterator]().next();
  body.destroy();
  throw new StageError('copy', 'DestinationFull', 'full', '', 'unknown');
};
/** Takes a first piece, and then nothing until it is stopped. */
const stalls: Branch<Buffer>['take'] = async (body, signal) => {
  await body[Symbol.asyncIterator]().next();
  return await new Promise((_, reject) => {
    const stop = () => reject(new Error('stopped'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
  });
};

function options(change: Partial<FanOutOptions> = {}) {
  const stop = new AbortController();
  let tick = () => {};
  const every: FanOutOptions['every'] = (_, each) => {
    tick = each;
    return () => undefined;
  };
  return {
    stop,
    windowPasses: () => Array.from({ length: 5 }, () => tick()),
    options: { signal: stop.signal, bufferBytes: 256 * 1024, every, ...change },
  };
}

const endsOf = async (ends: Promise<{ taken: Buffer } | { error: unknown }>[]) =>
  (await Promise.all(ends)).map(end =>
    'taken' in end ? end.taken.equals(contents) : (end.error as StageError).reason
  );

it.each([1, 2, 3])('gives all of the stream to each of %i', async count => {
  const { source } = sourceOf();
  const branches = Array.from({ length: count }, (_, at) => branch(`d${at}`, collect));
  const ends = await fanOut(source, branches, options().options);
  expect(await endsOf(ends)).toEqual(branches.map(() => true));
});

it('goes on without one that fails', async () => {
  const { source } = sourceOf();
  const branches = [branch('a', collect), branch('b', breaks), branch('c', collect)];
  const ends = await fanOut(source, branches, options().options);
  expect(await endsOf(ends)).toEqual([true, 'DestinationFull', true]);
});

it.each([1, 2])('fails when all of %i have failed, and stops reading', async count => {
  const { source, seen } = sourceOf();
  const branches = Array.from({ length: count }, () => branch('a', breaks));
  await expect(fanOut(source, branches, options().options)).rejects.toMatchObject({
    reason: 'DestinationFull',
  });
  expect(source.destroyed).toBe(true);
  expect(seen.bytes).toBeLessThan(contents.length);
});

it.each([1, 2])('breaks for all of %i when the stream breaks', async count => {
  const { source } = sourceOf(MiB);
  const errors: unknown[] = [];
  const take: Branch<Buffer>['take'] = body =>
    collect(body, new AbortController().signal).catch(error => {
      errors.push(error.message);
      throw error;
    });
  const branches = Array.from({ length: count }, () => branch('a', take));
  await expect(fanOut(source, branches, options().options)).rejects.toThrow('reset by peer');
  expect(errors).toEqual(branches.map(() => 'reset by peer'));
});

it('reads no more than the buffer of the slowest has room for, and gives that one up', async () => {
  const { source, seen } = sourceOf();
  const { options: all, windowPasses } = options();
  const fanning = fanOut(source, [branch('a', collect), branch('slow', stalls)], all);
  await expect.poll(() => seen.bytes).toBeGreaterThan(256 * 1024);
  await new Promise(setImmediate);
  const held = seen.bytes;
  expect(held).toBeLessThan(640 * 1024);
  windowPasses();
  const ends = await fanning;
  expect(await endsOf(ends)).toEqual([true, 'DestinationStalled']);
});

it('lets go what one that was given up gives in the end', async () => {
  late.length = 0;
  const { source } = sourceOf();
  const { options: all, windowPasses } = options();
  const given = Promise.withResolvers<Buffer>();
  const hangs = branch('hangs', () => given.promise);
  const fanning = fanOut(source, [branch('a', collect), hangs], all);
  await expect
    .poll(() => {
      windowPasses();
      return Promise.race([fanning.then(() => 'done'), new Promise(setImmediate)]);
    })
    .toBe('done');
  expect(await endsOf(await fanning)).toEqual([true, 'DestinationStalled']);
  expect(late).toEqual([]);
  given.resolve(contents);
  await expect.poll(() => late).toEqual(['hangs']);
});

it('gives up one that reads no more and never ends', async () => {
  const { source } = sourceOf();
  const { options: all, windowPasses } = options();
  const silent = branch('silent', body => {
    body.destroy();
    return new Promise(() => undefined);
  });
  const ends = await fanOut(source, [branch('a', collect), silent], all);
  windowPasses();
  expect(await endsOf(ends)).toEqual([true, 'DestinationStalled']);
});

it('takes one that stops reading before the end for broken', async () => {
  late.length = 0;
  const { source } = sourceOf();
  const lazy = branch('lazy', async () => contents);
  const ends = await fanOut(source, [branch('a', collect), lazy], options().options);
  const [, end] = await Promise.all(ends);
  expect(end).toEqual({ error: new Error('lazy stopped reading before the end') });
  expect(late).toEqual(['lazy']);
});

it('ends soon when it is stopped', async () => {
  const { source } = sourceOf();
  const { options: all, stop } = options();
  const fanning = fanOut(source, [branch('a', stalls), branch('b', stalls)], all);
  stop.abort(new Error('cancelled'));
  await expect(fanning).rejects.toThrow('stopped');
  expect(source.destroyed).toBe(true);
});

it('is at the end of the stream before a branch is done with what it took', async () => {
  const { source } = sourceOf();
  const done = Promise.withResolvers<void>();
  const slow: Branch<Buffer>['take'] = async (...call) => {
    const taken = await collect(...call);
    await done.promise;
    return taken;
  };
  const ends = await fanOut(source, [branch('a', slow), branch('b', collect)], options().options);
  expect(await endsOf(ends.slice(1))).toEqual([true]);
  done.resolve();
  expect(await endsOf(ends)).toEqual([true, true]);
});
