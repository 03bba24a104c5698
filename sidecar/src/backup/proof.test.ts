import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Seal } from '../../api/index.ts';
import type { Staged } from '../destinations/destination.ts';
import { memoryDestination } from '../testing/destinations/memoryDestination.ts';
import { proveStored } from './proof.ts';

const here = ['-C', import.meta.dirname, 'proof.ts', 'proof.test.ts'];
const archive = execFileSync('tar', ['-czf', '-', ...here]);
const raw = execFileSync('tar', ['-cf', '-', ...here]);
const rawBytes = raw.length;
const own = { bytes: archive.length, sha256: createHash('sha256').update(archive).digest('hex') };
const seal: Seal = {
  ...own,
  tarExit: 0,
  compressorExit: 0,
  files: 2,
  rawBytes,
  rawSha256: createHash('sha256').update(raw).digest('hex'),
  omitted: { sockets: 0, trustedXattrs: null, attributeFlags: 0, longPaths: 0 },
};

let staged: Staged;
beforeEach(async () => {
  staged = await memoryDestination().stage('a.tar.gz', Readable.from([archive]));
});

const prove = async (change: Partial<Seal> = {}, digest = own) =>
  proveStored(
    'a.tar.gz',
    await staged.readBack(),
    digest,
    { ...seal, ...change },
    'contents',
    new AbortController().signal
  );

describe('what is stored', () => {
  it('is proven when its bytes and its entries are those of the seal', async () => {
    expect(await prove()).toBe('cache');
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['other bytes than were written', () => prove({}, { ...own, bytes: 1 }), 'ReadBackDiffers'],
    ['fewer entries than were packed', () => prove({ files: 3 }), 'ContentsDiffer'],
    ['another size than was packed', () => prove({ rawBytes: 1 }), 'ContentsDiffer'],
  ])('is refused with %s', async (_, proving, reason) => {
    await expect(proving()).rejects.toMatchObject({ stage: 'checksum', reason });
  });

  it('is refused when the compressor packed other bytes than tar wrote', async () => {
    const rawSha256 = 'ef'.repeat(32);
    await expect(prove({ rawSha256 })).rejects.toMatchObject({ reason: 'ContentsDiffer' });
  });
});
