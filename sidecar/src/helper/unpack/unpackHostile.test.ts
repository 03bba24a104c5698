import {
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HandmadeEntry } from '../../testing/archive/handmadeTar.ts';
import { TAR_END, tarEntries, tarOf } from '../../testing/archive/handmadeTar.ts';
import type { UnpackWorld } from '../../testing/helper/unpackWorld.ts';
import { SAME, unpackWorld } from '../../testing/helper/unpackWorld.ts';
import { ContentDigest, contentKey } from './program/contentDigest.ts';
import { Deep } from './program/deep.ts';
import { Guard } from './program/guard.ts';
import { Input } from './program/input.ts';
import { Output } from './program/output.ts';
import { receive } from './program/receive.ts';
import { Records } from './program/records.ts';
import { Refusal } from './program/refusal.ts';
import { Target } from './program/target.ts';

let world: UnpackWorld;
let outside: string;
beforeEach(() => {
  world = unpackWorld();
  outside = join(world.root, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'file'), 'outside');
});
afterEach(async () => {
  try {
    expect(readdirSync(outside)).toEqual(['file']);
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('outside');
    expect(lstatSync(join(outside, 'file')).nlink).toBe(1);
    expect(readdirSync(world.root).sort()).toEqual(['bin', 'outside', 'source', 'volume']);
  } finally {
    await world.stop();
  }
});

const root: HandmadeEntry = { name: './', flag: '5', mode: 0o755 };
const file = (name: string, more: Partial<HandmadeEntry> = {}): HandmadeEntry => ({
  name,
  body: 'new',
  ...more,
});

describe('an entry that leads out of the volume', () => {
  it.each<[string, () => HandmadeEntry[], RegExp]>([
    ['goes upwards', () => [file('../outside/file')], /leads upwards/],
    ['goes upwards in the middle', () => [file('a/../../outside/file')], /leads upwards/],
    ['is absolute', () => [file(join(outside, 'file').slice(0, 100))], /is absolute/],
    [
      'is absolute in a pax header',
      () => [file('a', { pax: [['path', '/tmp/x']] })],
      /is absolute/,
    ],
    ['goes upwards in a long name of GNU tar', () => [file('a', { longName: '../x' })], /upwards/],
    [
      'goes upwards as the name of a sparse file',
      () => [
        file('a', {
          body: '0\n'.padEnd(512, '\0'),
          pax: [
            ['GNU.sparse.major', '1'],
            ['GNU.sparse.minor', '0'],
            ['GNU.sparse.name', '../outside/file'],
            ['GNU.sparse.realsize', '0'],
          ],
        }),
      ],
      /leads upwards/,
    ],
    ['has no name', () => [file('')], /is empty/],
    ['has a NUL byte in its name', () => [file('a', { pax: [['path', 'a\0b']] })], /NUL/],
    [
      'has a name that no file system takes',
      () => [file('a', { longName: 'a'.repeat(256) })],
      /256 bytes/,
    ],
    [
      'is written through a symbolic link of the archive',
      () => [{ name: 'link', flag: '2', target: outside }, file('link/file')],
      /written through a symlink/,
    ],
    [
      'is written through two of them',
      () => [
        { name: 'b', flag: '2', target: outside },
        { name: 'a', flag: '2', target: 'b' },
        file('a/deeper/file'),
      ],
      /written through a symlink/,
    ],
    [
      'is written through a link that took the place of a directory',
      () => [
        { name: 'd/', flag: '5' },
        file('d/x'),
        { name: 'd', flag: '2', target: outside },
        file('d/file'),
      ],
      /is a directory, and later a symlink/,
    ],
    [
      'is written through a hard link to a symbolic link',
      () => [
        { name: 'a', flag: '2', target: outside },
        { name: 'b', flag: '1', target: 'a' },
        file('b/file'),
      ],
      /written through a hardlink/,
    ],
    [
      'is a hard link upwards',
      () => [{ name: 'a', flag: '1', target: '../outside/file' }],
      /the target of an entry leads upwards/,
    ],
    [
      'is a hard link to an absolute path',
      () => [{ name: 'a', flag: '1', target: '/etc/passwd' }],
      /the target of an entry is absolute/,
    ],
    [
      'is a hard link through a symbolic link',
      () => [
        { name: 'link', flag: '2', target: outside },
        { name: 'a', flag: '1', target: 'link/file' },
        file('a'),
      ],
      /does not come before it/,
    ],
    [
      'is a hard link to a directory',
      () => [
        { name: 'd/', flag: '5' },
        { name: 'a', flag: '1', target: 'd' },
      ],
      /to a directory/,
    ],
    [
      'is a hard link to itself',
      () => [file('a'), { name: 'a', flag: '1', target: 'a' }],
      /to itself/,
    ],
    [
      'is the root as a link',
      () => [{ name: './', flag: '2', target: outside }],
      /the root is a symlink/,
    ],
    ['is written through a file', () => [file('a'), file('a/b')], /written through a file/],
  ])('%s: is refused, and nothing of it is written', async (_, entries, message) => {
    const archive = gzipSync(tarOf(root, file('before'), ...entries(), file('after')));
    const failure = await world.unpack(archive).catch(error => error);
    expect(failure).toMatchObject({
      stage: 'exec',
      reason: 'ArchiveHostile',
      class: 'needs-action',
    });
    expect(failure.message).toMatch(message);
    expect(existsSync(join(world.volume, 'after'))).toBe(false);
  });

  it('follows no link that the volume has, in any mode that writes to a full one', async () => {
    for (const mode of ['overwrite', 'mirror'] as const) {
      symlinkSync(outside, join(world.volume, 'link'));
      const archive = gzipSync(tarOf(root, file('link/file')));
      // The archive has no entry for its directory.
      expect((await world.unpack(archive, { mode })).comparison).toMatchObject(SAME);
      expect(lstatSync(join(world.volume, 'link')).isDirectory()).toBe(true);
      rmSync(join(world.volume, 'link'), { recursive: true });
    }
  });

  it('keeps symbolic links that lead anywhere: only the application follows them', async () => {
    const archive = gzipSync(
      tarOf(
        root,
        { name: 'absolute', flag: '2', target: join(outside, 'file').slice(0, 100) },
        { name: 'upwards', flag: '2', target: '../outside/file' },
        file('a')
      )
    );
    expect((await world.unpack(archive)).comparison).toMatchObject({ entries: 4, ...SAME });
  });
});

describe('an archive that is refused at its first entry', () => {
  it('is not said to have changed nothing when that was in the way of a file', async () => {
    writeFileSync(join(world.volume, 'a'), 'old');
    const archive = gzipSync(tarOf({ name: 'a/b', flag: '1', target: 'c' }));
    await expect(world.unpack(archive, { mode: 'overwrite' })).rejects.toMatchObject({
      reason: 'ArchiveHostile',
      hasWritten: true,
    });
  });
});

describe('an archive that lies', () => {
  /** Reads it as the program in the pod does. @returns why it refuses */
  const refusalOf = (raw: Buffer): unknown => {
    const path = join(world.source, 'raw');
    writeFileSync(path, raw);
    const nowhere = new Output(openSync('/dev/null', 'w'));
    const records = new Records();
    const target = new Target(world.volume);
    const guard = new Guard(records, target, 'empty');
    const input = new Input(openSync(path, 'r'));
    const ways = {
      input,
      digest: new ContentDigest(contentKey()),
      records,
      guard,
      target,
      deep: new Deep(),
      output: nowhere,
      names: nowhere,
      mayBeLeftOut: () => false,
      onEntry() {},
    };
    try {
      receive(
        ways,
        { mode: 'empty', isSelection: false, expected: {} },
        { entries: 0, hasWritten: false }
      );
      return 'nothing';
    } catch (error) {
      return error instanceof Refusal ? error.reason : error;
    }
  };

  it.each<[string, () => Buffer, string]>([
    [
      'about a size, which is too big',
      () => tarOf(root, file('a', { size: 4096 }), file('b')),
      'ArchiveTruncated',
    ],
    [
      'about a size, which is too small',
      () => tarOf(root, file('a', { body: 'x'.repeat(2000), size: 3 })),
      'ArchiveDamaged',
    ],
    [
      'about a size in its pax header',
      () => tarOf(root, file('a', { pax: [['size', '99999']] })),
      'ArchiveTruncated',
    ],
    [
      'with a negative size',
      () => tarOf(root, file('a', { change: block => block.fill(0xff, 124, 136) })),
      'ArchiveDamaged',
    ],
    [
      'with a size beyond all numbers',
      () =>
        tarOf(
          root,
          file('a', { change: block => block.fill(0x80, 124, 125).fill(0xff, 125, 136) })
        ),
      'ArchiveDamaged',
    ],
    [
      'with a wrong checksum',
      () => {
        const raw = tarOf(root, file('a'));
        raw[512] = 'b'.charCodeAt(0);
        return raw;
      },
      'ArchiveDamaged',
    ],
    [
      'with something after its end',
      () => Buffer.concat([tarOf(root), tarOf(file('hidden'))]),
      'ArchiveDamaged',
    ],
    ['that has no end', () => tarEntries(root, file('a')), 'ArchiveTruncated'],
    [
      'that ends within a file',
      () => tarEntries(root, file('a', { body: 'x'.repeat(2000) })).subarray(0, -1024),
      'ArchiveTruncated',
    ],
    [
      'that ends within a header',
      () => tarEntries(root, file('a')).subarray(0, 700),
      'ArchiveTruncated',
    ],
    ['that holds nothing', () => TAR_END, 'ArchiveEmpty'],
    ['that is no tar', () => Buffer.alloc(10_240, 'not a tar '), 'ArchiveDamaged'],
    [
      'with a header that would fill the memory',
      () => tarOf(root, { name: 'x', flag: 'x', size: 2 ** 31 }),
      'ArchiveHostile',
    ],
    [
      'with a pax header that is none',
      () => tarOf(root, { name: 'x', flag: 'x', body: '12 path=abc' }, file('a')),
      'ArchiveDamaged',
    ],
    [
      'with an entry of an unknown type',
      () => tarOf(root, { name: 'x', flag: 'M' }),
      'ArchiveUnsupported',
    ],
    [
      'about the holes of a file, which overlap',
      () => sparse('10', '2\n5\n3\n4\n2\n', 'abcde'),
      'ArchiveDamaged',
    ],
    [
      'about the holes of a file, which are beyond its end',
      () => sparse('10', '1\n8\n5\n', 'abcde'),
      'ArchiveDamaged',
    ],
    [
      'about the holes of a file, of which there are too many',
      () => sparse('10', '99999999\n0\n1\n', 'a'),
      'ArchiveDamaged',
    ],
  ])('%s: is refused', (_, raw, reason) => expect(refusalOf(raw())).toBe(reason));

  it('with the same name twice: the last one counts, as with tar', async () => {
    const archive = gzipSync(tarOf(root, file('a'), file('b'), file('a', { body: 'last' })));
    expect((await world.unpack(archive)).comparison).toMatchObject({ entries: 3, ...SAME });
    expect(readFileSync(join(world.volume, 'a'), 'utf8')).toBe('last');
  });

  it('with a file again that a hard link led to: the link stays with the first one, as with tar', async () => {
    const linked = (...names: string[]) =>
      names.map((name): HandmadeEntry => ({ name, flag: '1', target: 'a' }));
    const [first, last] = [file('a', { body: 'first' }), file('a', { body: 'last' })];
    const archive = gzipSync(
      tarOf(root, first, ...linked('b', 'c'), last, ...linked('d'), file('e'))
    );
    expect((await world.unpack(archive)).comparison).toMatchObject({ entries: 6, ...SAME });
    const contents = [...'abcd'].map(name => readFileSync(join(world.volume, name), 'utf8'));
    expect(contents).toEqual(['last', 'first', 'first', 'last']);
    const inodes = [...'abcd'].map(name => statSync(join(world.volume, name)).ino);
    expect([inodes[1], inodes[0]]).toEqual([inodes[2], inodes[3]]);
  });

  it('is as harmless as its entries say when it is a bomb', async () => {
    const archive = gzipSync(tarOf(root, file('zeros', { body: Buffer.alloc(50_000_000) })));
    expect(archive.length).toBeLessThan(100_000);
    await expect(world.unpack(archive, { maxRawBytes: 1_000_000 })).rejects.toMatchObject({
      reason: 'ArchiveTooBig',
    });
  });
});

const sparse = (size: string, map: string, body: string): Buffer =>
  tarOf(root, {
    name: 'GNUSparseFile/a',
    body: map.padEnd(512, '\0') + body,
    pax: [
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.name', 'a'],
      ['GNU.sparse.realsize', size],
    ],
  });

describe('an archive that is cut off', () => {
  const raw = () =>
    tarOf(root, ...[...'abcdef'].map(name => file(name, { body: name.repeat(700) })));

  it.each([
    ['in the middle', 0.5],
    ['at its last byte', 1 - 1e-9],
    ['at its beginning', 0],
  ])('%s: fails', async (_, part) => {
    const archive = gzipSync(raw());
    const cut = archive.subarray(0, Math.floor(archive.length * part));
    expect(await world.unpack(cut).catch(error => error)).toMatchObject({
      stage: 'checksum',
      reason: expect.stringMatching(/^Archive(Truncated|Damaged)$/),
    });
  });

  it('between two of its gzip members: fails, although each of them is complete', async () => {
    const whole = raw();
    const members = [0, 1, 2].map(part => gzipSync(whole.subarray(part * 2048, (part + 1) * 2048)));
    const all = [...members, gzipSync(whole.subarray(6144))];
    expect((await world.unpack(Buffer.concat(all))).comparison).toMatchObject({
      entries: 7,
      ...SAME,
    });
    await expect(
      world.unpack(Buffer.concat(all.slice(0, -1)), { mode: 'overwrite' })
    ).rejects.toMatchObject({ reason: 'ArchiveTruncated' });
  });

  it('with a member too many: fails', async () => {
    const archive = Buffer.concat([gzipSync(raw()), gzipSync(tarOf(file('trailing')))]);
    await expect(world.unpack(archive)).rejects.toMatchObject({ reason: 'ArchiveDamaged' });
    expect(existsSync(join(world.volume, 'trailing'))).toBe(false);
  });

  it('with a byte that has changed: fails', async () => {
    const archive = gzipSync(raw(), { level: 0 });
    const at = archive.indexOf('aaaa') + 100;
    archive[at] = 'z'.charCodeAt(0);
    expect(await world.unpack(archive).catch(error => error)).toMatchObject({
      stage: 'checksum',
      reason: expect.stringMatching(/^Archive(Truncated|Damaged)$/),
    });
  });
});
