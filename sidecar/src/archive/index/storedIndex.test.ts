import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BadLine } from './lines.ts';
import { readIndex } from './storedIndex.ts';

const LINES = readFileSync(join(import.meta.dirname, 'fixtures/tar-lines.txt'));
const HEADER = {
  formatVersion: 1,
  archive: 'a.tar.gz',
  lines: 'tar-R-vv',
  memberRawBytes: 67_108_864,
  members: [10, 20],
  rawBytes: 100_000_000,
};
const stored = (header: unknown, lines: Buffer = LINES) =>
  gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), lines]));
const read = (bytes: Buffer, pieces = 7) =>
  readIndex(
    Readable.from(
      Array.from({ length: Math.ceil(bytes.length / pieces) }, (_, at) =>
        bytes.subarray(at * pieces, (at + 1) * pieces)
      )
    ),
    'a.tar.gz',
    bytes.length
  );

describe('a stored index', () => {
  it('is read with what its header says', async () => {
    const { header, index } = await read(stored({ ...HEADER, later: true }));
    expect(header).toEqual(HEADER);
    expect(index.entries).toBe(51);
    expect(index.find('plain')).toMatchObject({ bytes: 5 });
  });

  it.each<[string, Buffer]>([
    ['is of another archive', stored({ ...HEADER, archive: 'b.tar.gz' })],
    ['is of a later version', stored({ ...HEADER, formatVersion: 2 })],
    ['has no header', gzipSync(LINES)],
    ['is empty', gzipSync('')],
    ['is cut in a line', gzipSync(gunzipSync(stored(HEADER)).subarray(0, -3))],
    ['has a line of something else', stored(HEADER, Buffer.from('nonsense\n'))],
    ['is a bomb', stored(HEADER, Buffer.alloc(50_000_000, 'x'))],
  ])('is refused when it %s', async (_, bytes) => {
    await expect(read(bytes, 64 * 1024)).rejects.toThrow(BadLine);
  });

  it('is refused when it is cut', async () => {
    await expect(read(stored(HEADER).subarray(0, -10))).rejects.toThrow('unexpected end of file');
    await expect(read(Buffer.from('not gzip'))).rejects.toThrow('incorrect header check');
  });
});
