import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StageError } from '../errors.ts';
import { testArchive } from '../testing/archive/testArchive.ts';
import { memoryDestination } from '../testing/destinations/memoryDestination.ts';
import { checkedUpload, limitedBody } from './uploadBody.ts';

const refusal = () => new StageError('copy', 'UploadTooBig', 'too big', 'less', 'needs-action');

describe('the body of an upload', () => {
  it('is passed on, counted and hashed', async () => {
    const { body, digest } = limitedBody(Readable.from([Buffer.from('abc')]), 3, refusal);
    expect((await buffer(body)).toString()).toBe('abc');
    expect(digest()).toMatchObject({ bytes: 3 });
  });

  it('fails when it is one byte too long', async () => {
    const { body } = limitedBody(Readable.from([Buffer.from('abcd')]), 3, refusal);
    await expect(buffer(body)).rejects.toMatchObject({ reason: 'UploadTooBig' });
  });

  it('fails when it stands still', async () => {
    const { body } = limitedBody(new Readable({ read() {} }), 3, refusal, 20);
    await expect(buffer(body)).rejects.toMatchObject({ reason: 'UploadStalled' });
  });

  it('fails when it comes by drops', async () => {
    const drops = new Readable({ read() {} });
    const timer = setInterval(() => drops.push('x'), 5);
    onTestFinished(() => clearInterval(timer));
    const { body } = limitedBody(drops, 1_000_000, refusal, 100);
    await expect(buffer(body)).rejects.toMatchObject({
      reason: 'UploadStalled',
      message: expect.stringMatching(
        /^\d+ bytes of the upload arrived in 0.1 s, which is too slow$/
      ),
    });
  });

  it('may be slow, but not that slow', async () => {
    const slow = new Readable({ read() {} });
    let sent = 0;
    const timer = setInterval(() => slow.push(++sent > 60 ? null : 'x'.repeat(100)), 5);
    onTestFinished(() => clearInterval(timer));
    const { body, digest } = limitedBody(slow, 1_000_000, refusal, 100, 100);
    expect((await buffer(body)).length).toBe(6_000);
    expect(digest().bytes).toBe(6_000);
  });

  it('is refused when the storage gives back something else', async () => {
    const { archive } = testArchive('k', 'echo x > file');
    const staged = await memoryDestination().stage('k', Readable.from([archive]));
    const sent = { bytes: archive.length, sha256: 'ab'.repeat(32) };
    await expect(checkedUpload('k', staged, sent)).rejects.toMatchObject({
      reason: 'DigestDiffers',
    });
  });
});
