import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { StageError } from '../errors.ts';
import { memoryDestination } from '../testing/memoryDestination.ts';
import { testArchive } from '../testing/testArchive.ts';
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

  it('is refused when the storage gives back something else', async () => {
    const { archive } = testArchive('k', 'echo x > file');
    const staged = await memoryDestination().stage('k', Readable.from([archive]));
    const sent = { bytes: archive.length, sha256: 'ab'.repeat(32) };
    await expect(checkedUpload('k', staged, sent)).rejects.toMatchObject({
      reason: 'DigestDiffers',
    });
  });
});
