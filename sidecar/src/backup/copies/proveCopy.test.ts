import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { Seal } from '../../../api/index.ts';
import { hashAndCount } from '../../archive/digest.ts';
import { lane } from '../../cluster/lane.ts';
import type { ReadAlong } from '../../destinations/destination.ts';
import { memoryDestination } from '../../testing/memoryDestination.ts';
import { proveCopy } from './proveCopy.ts';

const archive = Buffer.from('an archive');
const counter = hashAndCount();
counter.resume().end(archive);
await new Promise(resolve => counter.once('end', resolve));
const own = counter.digest();

async function prove(seen: ReadAlong | undefined) {
  const staged = await memoryDestination().stage('a.tar.gz', Readable.from([archive]));
  let reads = 0;
  const proof = await proveCopy(
    {
      ...staged,
      readAlong: async () => seen,
      readBack: call => {
        reads += 1;
        return staged.readBack(call);
      },
    },
    {
      where: 'a.tar.gz',
      own,
      seal: {} as Seal,
      plan: { by: 'reading', level: 'checksum' },
      signal: new AbortController().signal,
      unpacking: lane(1),
    }
  );
  return { ...proof, reads };
}

it('does not read a copy again that was read while it was written', async () => {
  const proof = await prove({ digest: own, readFrom: 'storage' });
  expect(proof).toEqual({ level: 'checksum', readFrom: 'storage', reads: 0 });
});

it('reads a copy where that did not work', async () => {
  expect(await prove(undefined)).toEqual({ level: 'checksum', readFrom: 'cache', reads: 1 });
});

it.each([
  ['another byte', { ...own, sha256: 'ab'.repeat(32) }],
  ['a byte less', { ...own, bytes: own.bytes - 1 }],
])('refuses a copy that had %s', async (_, digest) => {
  await expect(prove({ digest, readFrom: 'storage' })).rejects.toMatchObject({
    stage: 'checksum',
    reason: 'ReadBackDiffers',
  });
});
