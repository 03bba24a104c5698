import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { failing } from '../testing/destinations/failingDestination.ts';
import { memoryDestination } from '../testing/destinations/memoryDestination.ts';
import { checkArchive } from './archiveCheck.ts';
import type { RestoreSource } from './source.ts';

const { signal } = new AbortController();
const TAR = Buffer.concat([Buffer.alloc(50_000, 'tar'), Buffer.alloc(1_024)]);
const GZIP = Buffer.concat([gzipSync(TAR.subarray(0, 20_000)), gzipSync(TAR.subarray(20_000))]);
const sha256 = createHash('sha256').update(GZIP).digest('hex');

async function sourceOf(
  bytes: Buffer,
  digest: string | undefined = sha256
): Promise<RestoreSource> {
  const destination = memoryDestination();
  await (await destination.stage('a.tar.gz', Readable.from([bytes]))).publish();
  return {
    ...{ backup: 'archive:a.tar.gz', destination, key: 'a.tar.gz', bytes: GZIP.length },
    sha256: digest,
    manifest: undefined,
    run: undefined,
    links: [],
    source: { namespace: null, name: null, uid: null, namespaceUid: null, createdAt: null },
  };
}

describe('an archive that is about to be restored', () => {
  it('is read to its end and compared', async () => {
    const seen: number[] = [];
    const checked = await checkArchive(await sourceOf(GZIP), {
      signal,
      onProgress: bytes => seen.push(bytes),
    });
    expect(checked).toEqual({ bytes: GZIP.length, sha256, rawBytes: undefined, isCompared: true });
    expect(seen.at(-1)).toBe(GZIP.length);
  });

  it('is unpacked where nothing says what its digest is', async () => {
    const source = { ...(await sourceOf(GZIP)), sha256: undefined };
    expect(await checkArchive(source, { signal })).toEqual({
      bytes: GZIP.length,
      sha256,
      rawBytes: TAR.length,
      isCompared: false,
    });
  });

  it.each<[string, Buffer]>([
    ['one byte differs', Buffer.concat([GZIP.subarray(0, -1), Buffer.from('x')])],
    ['it is shorter', GZIP.subarray(0, -1)],
    ['it is longer', Buffer.concat([GZIP, Buffer.from('x')])],
  ])('is refused where %s', async (_, bytes) => {
    await expect(checkArchive(await sourceOf(bytes), { signal })).rejects.toMatchObject({
      stage: 'checksum',
      reason: 'ArchiveDiffers',
      class: 'needs-action',
    });
  });

  it.each<[string, Buffer]>([
    ['it is cut', GZIP.subarray(0, -1)],
    ['it is cut between two gzip members', gzipSync(TAR.subarray(0, 20_000))],
    ['it is something else', Buffer.from('hello')],
  ])('of which nothing is known is refused where %s', async (_, bytes) => {
    const source = { ...(await sourceOf(bytes)), sha256: undefined };
    await expect(checkArchive(source, { signal })).rejects.toMatchObject({
      reason: 'ArchiveBroken',
    });
  });

  it('is refused where the storage breaks off', async () => {
    const source = await sourceOf(GZIP);
    const destination = failing(source.destination, 'open');
    await expect(checkArchive({ ...source, destination }, { signal })).rejects.toThrow();
  });

  it('is not read on when the restore ends', async () => {
    const stop = new AbortController();
    stop.abort(new Error('cancelled'));
    const source = await sourceOf(GZIP);
    await expect(checkArchive(source, { signal: stop.signal })).rejects.toThrow();
  });
});
