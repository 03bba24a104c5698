import { gzipSync } from 'node:zlib';
import { beforeEach, expect, it } from 'vitest';
import type { Copy, Seal } from '../../../api/index.ts';
import type { Destination } from '../../destinations/destination.ts';
import { storedBackup } from '../../testing/archive/storedBackup.ts';
import { testArchives } from '../../testing/archive/testOpenArchive.ts';
import { failing } from '../../testing/destinations/failingDestination.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { verifyCopy } from './verifyCopy.ts';

const at = '2026-11-26T10:00:00.000Z';
let storage = memoryStorage();
let destination: Destination;
let archive: Buffer;
let tar: Buffer;
let copy: Copy;
let seal: Seal | null;

beforeEach(async () => {
  storage = memoryStorage();
  destination = memoryDestination(storage);
  const stored = await storedBackup();
  ({ archive, tar } = stored);
  copy = stored.run.copies[0] as Copy;
  ({ seal } = stored.run);
  storage.archives.set(copy.key, archive);
});

const verify = (of: Copy = copy, where: Destination = destination) => {
  const { signal } = new AbortController();
  const now = () => new Date(at);
  const { archives } = testArchives();
  return verifyCopy(of, seal, where, { archives, chain: null, signal, now, onProgress: () => {} });
};
const store = (bytes: Buffer) => storage.archives.set(copy.key, bytes);

it('marks a copy that is what was sealed', async () => {
  expect(await verify()).toEqual({ copy: { ...copy, state: 'present', verifiedAt: at } });
});

it('marks one that was missing and is there again', async () => {
  expect(await verify({ ...copy, state: 'missing' })).toMatchObject({ copy: { state: 'present' } });
});

it('says of one that is not there that it is missing', async () => {
  storage.archives.clear();
  expect(await verify()).toEqual({
    copy: { ...copy, state: 'missing' },
    fault: expect.objectContaining({ reason: 'ArchiveMissing', stage: 'checksum' }),
  });
});

it.each<[string, () => void, string]>([
  ['has one wrong byte', () => store(flipped(archive)), 'ArchiveBroken'],
  ['lacks its end', () => store(archive.subarray(0, -20)), 'ArchiveBroken'],
  ['is another archive', () => store(gzipSync(tar, { level: 1 })), 'ArchiveDiffers'],
  ['is not an archive', () => store(Buffer.from('hello')), 'ArchiveBroken'],
  [
    'holds fewer entries than were sealed',
    () => (seal = seal && { ...seal, files: 3 }),
    'ContentsDiffer',
  ],
  [
    'holds another tar than was sealed',
    () => (seal = seal && { ...seal, rawSha256: 'ab' }),
    'ContentsDiffer',
  ],
])('finds that one %s, and leaves it as it was', async (_, change, reason) => {
  change();
  const before = storage.archives.get(copy.key);
  expect(await verify()).toEqual({
    copy, // neither verified nor missing
    fault: expect.objectContaining({ reason, class: 'needs-action' }),
  });
  expect(storage.archives.get(copy.key)).toBe(before);
});

it('concludes nothing when the storage does not answer', async () => {
  for (const step of ['stat', 'open'] as const) {
    const { copy: after, fault } = await verify(copy, failing(destination, step));
    expect(after).toEqual(copy);
    expect(fault?.reason).toBe('InjectedFault');
  }
});

it('needs no seal: then it must be a complete archive of the digest', async () => {
  seal = null;
  expect((await verify()).fault).toBeUndefined();
  store(archive.subarray(0, -20));
  expect((await verify()).fault?.reason).toBe('ArchiveBroken');
});

function flipped(bytes: Buffer): Buffer {
  const wrong = Buffer.from(bytes);
  const middle = wrong.length >> 1;
  wrong[middle] = (wrong[middle] as number) ^ 1;
  return wrong;
}
