import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { StageError } from '../errors.ts';
import { readBack } from './readBack.ts';

const FILES = [
  './',
  './dir/',
  './dir/big',
  './dir/hard',
  './dir/link',
  './sparse',
  `./${'long'.repeat(50)}`,
];

let tar: Buffer;
let archive: Buffer;

/** Packed as a helper does it, by GNU tar itself. */
beforeAll(() => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-read-back-'));
  mkdirSync(join(dir, 'dir'));
  writeFileSync(join(dir, 'dir/big'), Buffer.alloc(300_000, 'contents '));
  execFileSync('ln', ['dir/big', 'dir/hard'], { cwd: dir });
  execFileSync('ln', ['-s', 'big', 'dir/link'], { cwd: dir });
  execFileSync('truncate', ['-s', '5M', 'sparse'], { cwd: dir });
  writeFileSync(join(dir, 'long'.repeat(50)), 'x');
  const options = [
    '--format=posix',
    '--xattrs',
    '--acls',
    '--sparse',
    '--numeric-owner',
    '--sort=name',
  ];
  tar = execFileSync('tar', ['-C', dir, ...options, '-c', '.'], { maxBuffer: 2 ** 24 });
  archive = gzipSync(tar);
  rmSync(dir, { recursive: true });
});

const inPieces = (bytes: Buffer, size = 4096) =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })()
  );
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('level checksum', () => {
  it('tells size and SHA-256, and does not look inside', async () => {
    const bytes = Buffer.from('no archive at all');
    expect(await readBack('a', inPieces(bytes), 'checksum')).toEqual({
      bytes: 17,
      sha256: sha256(bytes),
    });
  });
});

describe('level contents', () => {
  it('also tells how many entries GNU tar packed, and the size of the tar', async () => {
    expect(await readBack('a', inPieces(archive), 'contents')).toEqual({
      bytes: archive.length,
      sha256: sha256(archive),
      contents: { files: FILES.length, rawBytes: tar.length, rawSha256: sha256(tar) },
    });
  });

  it('reads an archive of several gzip members as one', async () => {
    const members = Buffer.concat([0, 1, 2].map(part => gzipSync(tar.subarray(...third(part)))));
    expect(gunzipSync(members).equals(tar)).toBe(true);
    expect(await readBack('a', inPieces(members), 'contents')).toMatchObject({
      bytes: members.length,
      contents: { files: FILES.length, rawBytes: tar.length, rawSha256: sha256(tar) },
    });
  });

  it.each<[string, () => Buffer]>([
    ['is cut in the middle', () => archive.subarray(0, archive.length / 2)],
    ['lacks its last byte', () => archive.subarray(0, -1)],
    ['has a flipped bit', () => flipped(archive, archive.length - 100)],
    ['is followed by something else', () => Buffer.concat([archive, Buffer.from('garbage')])],
    ['is no gzip', () => tar],
    ['is empty', () => Buffer.alloc(0)],
    ['holds nothing', () => gzipSync('')],
    ['holds no tar', () => gzipSync(Buffer.alloc(5000, 'text'))],
    ['holds half a tar, as when a gzip member is lost', () => gzipSync(tar.subarray(...third(0)))],
    ['holds a tar that ends after an entry', () => gzipSync(tar.subarray(0, endOfEntries(tar)))],
    [
      'holds a tar with one block of zeros',
      () => gzipSync(tar.subarray(0, endOfEntries(tar) + 512)),
    ],
  ])('refuses an archive that %s', async (_, broken) => {
    await expect(readBack('/b/a.tar.gz', inPieces(broken()), 'contents')).rejects.toMatchObject({
      name: 'StageError',
      stage: 'checksum',
      reason: 'ArchiveBroken',
      message: expect.stringMatching(/^archive \/b\/a\.tar\.gz is not a complete \.tar\.gz: ./),
    });
  });
});

describe.each(['checksum', 'contents'] as const)('level %s', level => {
  it('says that the storage broke off', async () => {
    const storage = new PassThrough();
    storage.write(archive.subarray(0, 5000), () =>
      storage.destroy(new Error('EIO: disk fell off'))
    );
    await expect(readBack('a', storage, level)).rejects.toMatchObject({
      stage: 'checksum',
      reason: 'ArchiveUnreadable',
      message: 'archive a cannot be read back: EIO: disk fell off',
    });
  });

  it("passes on the storage's own verdict", async () => {
    const verdict = new StageError(
      'checksum',
      'AccessLost',
      'bucket b refuses',
      'renew the key',
      'needs-action'
    );
    const storage = new PassThrough();
    storage.write(archive.subarray(0, 5000), () => storage.destroy(verdict));
    await expect(readBack('a', storage, level)).rejects.toBe(verdict);
  });

  it('stops when the caller gives up', async () => {
    const stop = new AbortController();
    const storage = new PassThrough();
    const reading = readBack('a', storage, level, stop.signal);
    storage.write(archive.subarray(0, 5000), () => stop.abort());
    await expect(reading).rejects.toMatchObject({ reason: 'ReadStopped' });
    expect(storage.destroyed).toBe(true);
  });

  it('stops when the caller stops it although the storage hangs', async () => {
    const stop = new AbortController();
    // Like a file on NFS whose server is unavailable: it cannot be closed while a read is under way.
    const storage = new Readable({ read: () => undefined, destroy: () => undefined });
    const reading = readBack('a', storage, level, stop.signal);
    stop.abort();
    await expect(reading).rejects.toMatchObject({ reason: 'ReadStopped', class: 'unknown' });
  });

  it('is never content with a storage that closes without an end', async () => {
    const storage = new PassThrough();
    storage.write(archive.subarray(0, 5000), () => storage.destroy());
    await expect(readBack('a', storage, level)).rejects.toMatchObject({
      reason: 'ArchiveUnreadable',
    });
  });
});

const third = (part: number): [number, number] => {
  const size = Math.ceil(tar.length / 3);
  return [part * size, (part + 1) * size];
};

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
};

/** Where the zeros begin that end a tar. */
const endOfEntries = (bytes: Buffer): number => {
  let end = bytes.length;
  while (bytes.subarray(end - 512, end).every(byte => byte === 0)) end -= 512;
  return end;
};
