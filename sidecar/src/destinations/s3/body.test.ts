import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { guarded } from './body.ts';

const where = { name: 'offsite', bucket: 'b', region: 'r', host: 's3.test', port: 443 };
const of = (source: PassThrough, bytes?: number) =>
  guarded(source, { key: 'a.tar.gz', bytes, where, stallMs: 60_000 });

const MiB = 1024 ** 2;

describe('the body of an answer', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  it('passes when all of it came', async () => {
    const source = new PassThrough();
    source.end('0123');
    expect(String(await buffer(of(source, 4)))).toBe('0123');
  });

  it('fails when it ends before its end', async () => {
    const source = new PassThrough();
    source.end('012');
    await expect(buffer(of(source, 4))).rejects.toMatchObject({
      stage: 'checksum',
      reason: 'ConnectionBroke',
      message: 'destination offsite: s3.test sent only 3 of 4 bytes of a.tar.gz',
    });
  });

  it('fails when its connection breaks', async () => {
    const source = new PassThrough();
    const reading = buffer(of(source, 4));
    source.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
    await expect(reading).rejects.toMatchObject({ reason: 'ConnectionBroke' });
  });

  it('fails when somebody waits for a byte and none comes', async () => {
    const source = new PassThrough();
    const reading = buffer(of(source, 4));
    source.write('01');
    await turn();
    vi.advanceTimersByTime(60_000);
    await expect(reading).rejects.toMatchObject({ reason: 'DestinationStalled' });
  });

  it('waits for a reader that pauses, for as long as it likes', async () => {
    const source = new PassThrough();
    const body = of(source, 2 * MiB);
    source.end(Buffer.alloc(2 * MiB));
    await turn();
    vi.advanceTimersByTime(3_600_000);
    expect(await buffer(body)).toHaveLength(2 * MiB);
  });

  it('lets go of the connection when its reader does', async () => {
    const source = new PassThrough();
    const body = of(source, 4);
    body.destroy();
    await turn();
    expect(source.destroyed).toBe(true);
  });
});
