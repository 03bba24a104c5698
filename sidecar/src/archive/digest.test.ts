import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { hashAndCount } from './digest.ts';

const discard = async (source: AsyncIterable<unknown>) => {
  for await (const chunk of source) void chunk;
};

it('knows size and SHA-256 of what it passes on unchanged', async () => {
  const sent = Buffer.from('archive'.repeat(50_000));
  const counting = hashAndCount();
  const received = await buffer(
    Readable.from([sent.subarray(0, 9), sent.subarray(9)]).pipe(counting)
  );
  expect(received.equals(sent)).toBe(true);
  expect(counting.digest()).toEqual({
    bytes: sent.length,
    sha256: createHash('sha256').update(sent).digest('hex'),
  });
});

it('knows the digest of nothing', async () => {
  const counting = hashAndCount();
  await pipeline(Readable.from([]), counting, discard);
  expect(counting.digest()).toEqual({
    bytes: 0,
    sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  });
});

it('tells how far it is', async () => {
  const seen: number[] = [];
  const counting = hashAndCount(bytes => seen.push(bytes));
  await pipeline(Readable.from([Buffer.alloc(3), Buffer.alloc(4)]), counting, discard);
  expect(seen).toEqual([3, 7]);
});

it('gives no digest of a stream that broke off', async () => {
  const counting = hashAndCount();
  const body = new PassThrough();
  body.write('half', () => body.destroy(new Error('the pod has gone')));
  await expect(pipeline(body, counting, discard)).rejects.toThrow('the pod has gone');
  expect(() => counting.digest()).toThrow('stream has not ended; 4 bytes were seen');
});

it('gives no digest of a stream that was stopped', async () => {
  const counting = hashAndCount();
  const stop = new AbortController();
  const running = pipeline(new PassThrough(), counting, discard, { signal: stop.signal });
  stop.abort();
  await expect(running).rejects.toThrow(/aborted/);
  expect(() => counting.digest()).toThrow('stream has not ended');
});
