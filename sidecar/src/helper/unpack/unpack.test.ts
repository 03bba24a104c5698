import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UnpackWorld } from '../../testing/helper/unpackWorld.ts';
import { SAME, unpackWorld } from '../../testing/helper/unpackWorld.ts';
import type { UnpackRequest } from './unpack.ts';

let world: UnpackWorld;
let source: string;
let volume: string;
beforeEach(() => {
  world = unpackWorld();
  ({ source, volume } = world);
});
afterEach(() => world.stop());

const packed = (): Buffer => world.packed();
const unpack: UnpackWorld['unpack'] = (...request) => world.unpack(...request);

describe('unpackInto', () => {
  it('unpacks an archive into an empty volume, and compares the volume with it', async () => {
    mkdirSync(join(source, 'deep'));
    writeFileSync(join(source, 'deep', 'file'), 'content');
    symlinkSync('file', join(source, 'deep', 'link'));
    const archive = packed();
    const phases: string[] = [];
    let bytes = 0;
    const unpacked = await unpack(
      archive,
      { expected: { files: 4, rawBytes: gunzipSync(archive).length, sha256: sha256(archive) } },
      { onPhase: phase => phases.push(phase), onProgress: sent => (bytes = sent) }
    );
    expect(unpacked).toMatchObject({
      sent: { bytes: archive.length, sha256: sha256(archive) },
      comparison: { entries: 4, bytes: 7, ...SAME },
      tarExit: 0,
      messages: [],
      entries: 4,
    });
    expect(phases).toEqual(['write', 'compare']);
    expect(bytes).toBe(archive.length);
    expect(readFileSync(join(volume, 'deep', 'file'), 'utf8')).toBe('content');
  });

  it('takes a tar that is not compressed', async () => {
    writeFileSync(join(source, 'a'), 'a');
    const tar = gunzipSync(packed());
    expect((await unpack(tar, { encoding: 'tar' })).comparison).toMatchObject(SAME);
  });

  it.each([['new'], ['empty']] as const)(
    'refuses a volume that is not empty in mode %s, and writes nothing',
    async mode => {
      writeFileSync(join(source, 'a'), 'new');
      writeFileSync(join(volume, 'b'), 'old');
      await expect(unpack(packed(), { mode })).rejects.toMatchObject({
        reason: 'VolumeNotEmpty',
        details: ['b'],
        hasWritten: false,
        class: 'needs-action',
      });
      expect(readdirSync(volume)).toEqual(['b']);
    }
  );

  it('takes a volume that holds only lost+found for empty', async () => {
    mkdirSync(join(volume, 'lost+found'));
    writeFileSync(join(source, 'a'), 'a');
    expect((await unpack(packed())).comparison).toMatchObject({ entries: 2, ...SAME });
  });

  it('restores an empty volume, and refuses an archive without any entry', async () => {
    expect((await unpack(packed())).comparison).toMatchObject({ entries: 1, ...SAME });
    await expect(unpack(gzipSync(Buffer.alloc(10_240)))).rejects.toMatchObject({
      reason: 'ArchiveEmpty',
      hasWritten: false,
    });
  });

  it.each<[string, UnpackRequest['expected'], string]>([
    ['fewer entries', { files: 3 }, 'ArchiveNotAsSealed'],
    ['more entries', { files: 1 }, 'ArchiveNotAsSealed'],
    ['fewer bytes', { rawBytes: 20_480 }, 'ArchiveNotAsSealed'],
    ['more bytes', { rawBytes: 1024 }, 'ArchiveNotAsSealed'],
    ['another digest', { sha256: '0'.repeat(64) }, 'ArchiveNotAsSealed'],
  ])('fails when the archive has %s than it had when it was made', async (_, expected, reason) => {
    writeFileSync(join(source, 'a'), 'a');
    await expect(unpack(packed(), { expected })).rejects.toMatchObject({ reason });
  });

  it('refuses more bytes than are allowed, before they are written', async () => {
    writeFileSync(join(source, 'bomb'), Buffer.alloc(20_000_000));
    await expect(unpack(packed(), { maxRawBytes: 1_000_000 })).rejects.toMatchObject({
      reason: 'ArchiveTooBig',
    });
    expect(lstatSync(join(volume, 'bomb')).size).toBeLessThan(2_000_000);
  });

  it('finds a byte that the volume does not give back', async () => {
    writeFileSync(join(source, 'a'), 'right');
    writeFileSync(join(source, 'b'), 'right');
    world.before(
      'tar',
      'case "$*" in *--extract*--xattrs*) /usr/bin/env PATH=/usr/bin:/bin tar "$@"; echo wrong >"$volume/b"; exit 0;; esac'
    );
    const { comparison } = await unpack(packed());
    expect(comparison).toMatchObject({ differences: 1 });
    expect(comparison.examples).toEqual([
      expect.stringMatching(/^b has 6 bytes, in the archive 5/),
    ]);
  });

  it('finds a file that is missing afterwards', async () => {
    writeFileSync(join(source, 'a'), 'right');
    writeFileSync(join(source, 'b'), 'right');
    world.before(
      'tar',
      'case "$*" in *--extract*--xattrs*) /usr/bin/env PATH=/usr/bin:/bin tar "$@"; rm "$volume/b"; exit 0;; esac'
    );
    const { comparison } = await unpack(packed());
    // The directory has another time, too.
    expect(comparison.examples).toContain('b is missing');
  });

  it('proves nothing when the list of names was cut, e.g. by a full disk of the node', async () => {
    for (const name of ['a', 'b', 'c']) writeFileSync(join(source, name), 'right');
    const archive = packed();
    const listed = execFileSync('tar', ['-tz'], { input: archive }).toString().trim().split('\n');
    for (const tool of ['igzip', 'pigz', 'gzip']) {
      if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) continue;
      world.before(
        tool,
        `[ "$*" != "-1 -c" ] || { head -z -n 3 | PATH=/usr/bin:/bin ${tool} -1 -c; cat >/dev/null; exit 1; }`
      );
    }
    world.before(
      'tar',
      `case "$*" in *--extract*--xattrs*) PATH=/usr/bin:/bin tar "$@"; echo wrong >"$volume/${listed[3]}"; exit 0;; esac`
    );
    await expect(unpack(archive, { mode: 'overwrite' })).rejects.toMatchObject({
      reason: 'CompareFailed',
    });
  });

  it('says which tool the image lacks, and writes nothing', async () => {
    writeFileSync(join(source, 'a'), 'a');
    const archive = packed();
    world.before('tar', 'echo "tar (busybox) 1.35"; exit 0');
    await expect(unpack(archive)).rejects.toMatchObject({
      reason: 'HelperImageUnfit',
      message: 'the helper image lacks GNU tar',
      hasWritten: false,
    });
    expect(readdirSync(volume)).toEqual([]);
  });

  it.each<[string, string, object]>([
    ['was killed', 'kill -KILL $$', { reason: 'ExtractFailed', message: /signal 9/ }],
    [
      'says that the disk is full',
      'cat >/dev/null; echo "tar: a: Cannot write: No space left on device" >&2; exit 2',
      { reason: 'VolumeFull', class: 'needs-action' },
    ],
    [
      'failed without a word',
      'cat >/dev/null; exit 3',
      { reason: 'ExtractFailed', message: /exit code 3/ },
    ],
  ])('fails when tar %s', async (_, script, { message, ...expected }: any) => {
    writeFileSync(join(source, 'a'), 'a'.repeat(1_000_000));
    const archive = packed();
    world.before('tar', `case "$*" in *--extract*--xattrs*) ${script};; esac`);
    const failure = await unpack(archive).catch(error => error);
    expect(failure).toMatchObject(expected);
    if (message) expect(failure.message).toMatch(message);
  });

  it('fails when the program in the pod is killed, and leaves no result behind', async () => {
    writeFileSync(join(source, 'a'), 'a');
    const archive = packed();
    world.before('node', 'case "$*" in *main.ts*) kill -KILL $$;; esac');
    await expect(unpack(archive)).rejects.toMatchObject({
      reason: 'UnpackFailed',
    });
  });

  it('fails with the reason of the source when that breaks off', async () => {
    writeFileSync(join(source, 'a'), Buffer.alloc(1_000_000, 'a'));
    const archive = packed();
    const broken = Readable.from(
      (async function* () {
        yield archive.subarray(0, 500);
        throw new Error('the destination broke off');
      })()
    );
    await expect(unpack(broken, { mode: 'new' })).rejects.toThrow('the destination broke off');
  });
});

/** A volume with a file that the archive has, one that it lacks, and others in the way. */
function fillVolume(): void {
  mkdirSync(join(volume, 'own', 'deep'), { recursive: true });
  writeFileSync(join(volume, 'own', 'deep', 'file'), 'own');
  writeFileSync(join(volume, 'same'), 'old');
}

describe('mode overwrite', () => {
  it('replaces what the archive has, and keeps everything else', async () => {
    fillVolume();
    writeFileSync(join(source, 'same'), 'new');
    mkdirSync(join(source, 'own'));
    const unpacked = await unpack(packed(), { mode: 'overwrite' });
    expect(unpacked.comparison).toMatchObject({ ...SAME, entries: 3, leftOver: 2 });
    expect(unpacked).toMatchObject({
      replaced: 1,
      deleted: 0,
      leftOverNames: ['own/deep', 'own/deep/file'],
    });
    expect(readFileSync(join(volume, 'same'), 'utf8')).toBe('new');
    expect(readFileSync(join(volume, 'own', 'deep', 'file'), 'utf8')).toBe('own');
  });

  it('never writes through a symbolic link of the volume', async () => {
    const outside = join(world.root, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'file'), 'outside');
    for (const name of ['dir', 'implied', 'file'])
      symlinkSync(name === 'file' ? join(outside, 'file') : outside, join(volume, name));
    mkdirSync(join(source, 'dir'));
    mkdirSync(join(source, 'implied'));
    for (const name of ['dir/file', 'implied/file', 'file'])
      writeFileSync(join(source, name), 'new');
    // An archive without an entry for one of its directories, as other programs make them.
    const archive = execFileSync('sh', [
      '-c',
      'tar --create --format=posix -C "$0" --no-recursion ./dir ./dir/file ./implied/file ./file | gzip -1',
      source,
    ]);
    const { comparison } = await unpack(archive, { mode: 'overwrite' });
    expect(comparison).toMatchObject({ ...SAME, entries: 4 });
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('outside');
    expect(readdirSync(outside)).toEqual(['file']);
    for (const name of ['dir/file', 'implied/file', 'file']) {
      expect(lstatSync(join(volume, name)).isFile()).toBe(true);
      expect(readFileSync(join(volume, name), 'utf8')).toBe('new');
    }
  });

  it('waits for the list of names before it compares them, also where compressing is slow', async () => {
    writeFileSync(join(source, 'a'), 'a');
    const archive = packed();
    for (const program of ['igzip', 'pigz', 'gzip']) {
      const late = 'cat >"$0.$$"; sleep 1; exec <"$0.$$"';
      world.before(program, `case "$(readlink /proc/$$/fd/0)" in *names.pipe) ${late};; esac`);
    }
    const { comparison } = await unpack(archive, { mode: 'overwrite' });
    expect(comparison).toMatchObject({ ...SAME, entries: 2 });
  });

  it('does not write through a file that the volume shares with a file outside of the archive', async () => {
    writeFileSync(join(volume, 'kept'), 'shared');
    linkSync(join(volume, 'kept'), join(volume, 'file'));
    writeFileSync(join(source, 'file'), 'new');
    await unpack(packed(), { mode: 'overwrite' });
    expect(readFileSync(join(volume, 'kept'), 'utf8')).toBe('shared');
    expect(readFileSync(join(volume, 'file'), 'utf8')).toBe('new');
  });

  it('changes types both ways', async () => {
    mkdirSync(join(volume, 'toFile', 'full'), { recursive: true });
    writeFileSync(join(volume, 'toFile', 'full', 'x'), '');
    writeFileSync(join(volume, 'toDirectory'), '');
    symlinkSync('nowhere', join(volume, 'toFifo'));
    writeFileSync(join(source, 'toFile'), 'file');
    mkdirSync(join(source, 'toDirectory'));
    writeFileSync(join(source, 'toDirectory', 'x'), 'x');
    execFileSync('mkfifo', [join(source, 'toFifo')]);
    const unpacked = await unpack(packed(), { mode: 'overwrite' });
    expect(unpacked.comparison).toMatchObject({ ...SAME, entries: 5 });
    expect(unpacked.replaced).toBe(5);
  });
});

describe('mode mirror', () => {
  it('deletes exactly what the archive lacks', async () => {
    fillVolume();
    mkdirSync(join(volume, 'lost+found'));
    writeFileSync(join(volume, 'lost+found', '#1'), 'found');
    mkdirSync(join(source, 'own'));
    writeFileSync(join(source, 'same'), 'new');
    utimesSync(join(source, 'own'), 1e9, 1e9);
    const unpacked = await unpack(packed(), { mode: 'mirror' });
    expect(unpacked.comparison).toMatchObject({ ...SAME, entries: 3 });
    expect(unpacked.deleted).toBe(2);
    expect(readdirSync(volume).sort()).toEqual(['lost+found', 'own', 'same']);
    expect(readdirSync(join(volume, 'lost+found'))).toEqual(['#1']);
  });

  it('deletes nothing when the archive is damaged', async () => {
    fillVolume();
    writeFileSync(join(source, 'same'), 'new');
    const archive = packed();
    await expect(
      unpack(archive.subarray(0, archive.length - 20), { mode: 'mirror' })
    ).rejects.toMatchObject({ stage: 'checksum' });
    expect(readFileSync(join(volume, 'own', 'deep', 'file'), 'utf8')).toBe('own');
  });

  it('deletes nothing when the archive is a whole one, but another one than was checked', async () => {
    fillVolume();
    writeFileSync(join(source, 'same'), 'new');
    await expect(
      unpack(packed(), { mode: 'mirror', expected: { sha256: '0'.repeat(64) } })
    ).rejects.toMatchObject({ reason: 'ArchiveNotAsSealed', hasWritten: true });
    expect(readFileSync(join(volume, 'own', 'deep', 'file'), 'utf8')).toBe('own');
  });

  it('never deletes across a mount point', async context => {
    mkdirSync(join(volume, 'a', 'mount'), { recursive: true });
    if (spawnSync('mount', ['-t', 'tmpfs', 'nkvm', join(volume, 'a', 'mount')]).status !== 0) {
      return context.skip('this machine does not let us mount');
    }
    try {
      writeFileSync(join(volume, 'a', 'mount', 'inside'), '');
      writeFileSync(join(volume, 'a', 'beside'), '');
      const unpacked = await unpack(packed(), { mode: 'mirror' });
      expect(unpacked.deleted).toBe(1);
      expect(readdirSync(join(volume, 'a', 'mount'))).toEqual(['inside']);
      expect(unpacked.comparison).toMatchObject(SAME);
    } finally {
      spawnSync('umount', [join(volume, 'a', 'mount')]);
    }
  });
});

describe('a selection', () => {
  it('leaves the root and everything else of the volume alone', async () => {
    fillVolume();
    chmodSync(volume, 0o711);
    mkdirSync(join(source, 'own'));
    writeFileSync(join(source, 'own', 'new'), 'new');
    const unpacked = await unpack(packed(), { mode: 'overwrite', isSelection: true });
    expect(unpacked.comparison).toMatchObject({ ...SAME, entries: 2 });
    expect(lstatSync(volume).mode & 0o777).toBe(0o711);
    expect(readdirSync(join(volume, 'own')).sort()).toEqual(['deep', 'new']);
  });
});

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
