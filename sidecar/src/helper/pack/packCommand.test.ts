import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Packing } from '../../testing/helper/packing.ts';
import { ARCHIVE, packing } from '../../testing/helper/packing.ts';
import { packCommand, WORKING } from './packCommand.ts';

/** What the command needs beside tar. */
const TOOLS = ['sh', 'rm', 'node', 'awk', 'mkfifo', 'gzip', 'grep', 'find', 'xargs'];
TOOLS.push('base64', 'head', 'cat', 'split', 'tr');

let root: Packing['root'];
let volume: Packing['volume'];
let work: Packing['work'];
let start: Packing['start'];
let pack: Packing['pack'];
let sealed: Packing['sealed'];
let instead: Packing['instead'];
let remove: Packing['remove'];

beforeEach(() => {
  ({ root, volume, work, start, pack, sealed, instead, remove } = packing());
});
afterEach(() => remove());

const seal = () => sealed().seal;

/** An environment that has only these programs of this machine. */
function only(...names: string[]): NodeJS.ProcessEnv {
  const bin = join(root, 'only');
  mkdirSync(bin);
  for (const name of names) {
    const path = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(path, join(bin, name));
  }
  return { PATH: bin };
}

/** Listens on sockets in the volume until the test ends. */
async function sockets(...names: string[]): Promise<void> {
  const servers = names.map(name => createServer().listen(join(volume, name)));
  await Promise.all(servers.map(server => new Promise(done => server.once('listening', done))));
  onTestFinished(() => servers.forEach(server => server.close()));
}

describe('the packing command', () => {
  it('seals what it wrote: bytes, hash, entries', async () => {
    mkdirSync(join(volume, 'deep'));
    writeFileSync(join(volume, 'deep', 'two\nlines'), 'x'.repeat(100_000));
    symlinkSync('nowhere', join(volume, 'link'));
    writeFileSync(join(volume, '-dash'), '');
    truncateSync(join(volume, '-dash'), 10_000_000);
    const { exit, archive } = await pack();
    expect(exit).toBe(0);
    expect(seal()).toMatchObject({
      bytes: archive.length,
      sha256: createHash('sha256').update(archive).digest('hex'),
      tarExit: 0,
      compressorExit: 0,
      files: 5,
      rawBytes: gunzipSync(archive).length,
    });
    expect(seal()).not.toHaveProperty('rawSha256');
    expect(sealed()).toMatchObject({ messages: [], mountsInside: 0 });
  });

  it('fits into a URL of 8 KiB, with room for the path and the other parameters', () => {
    const query = new URLSearchParams();
    for (const word of packCommand('contents', ARCHIVE)) query.append('command', word);
    expect(query.toString().length).toBeLessThan(7_500);
  });

  it('packs an empty volume', async () => {
    const { archive } = await pack();
    expect(seal()).toMatchObject({ files: 1, bytes: archive.length, tarExit: 0 });
  });

  it('hashes what tar wrote, too, where the archive is to be unpacked for its proof', async () => {
    writeFileSync(join(volume, 'noise'), 'noise '.repeat(100_000));
    const { archive } = await pack(process.env, volume, 'contents');
    const raw = gunzipSync(archive);
    expect(seal()).toMatchObject({
      sha256: createHash('sha256').update(archive).digest('hex'),
      rawBytes: raw.length,
      rawSha256: createHash('sha256').update(raw).digest('hex'),
    });
  });

  it('counts sockets, which tar leaves out', async () => {
    await sockets('sock');
    await pack();
    expect(seal()).toMatchObject({ tarExit: 0, omitted: { sockets: 1 } });
    expect(sealed().messages).toEqual(['tar: ./sock: socket ignored']);
  });

  it('counts paths that are too long to be extracted', async () => {
    const name = 'd'.repeat(200);
    const deeper = `mkdir ${name} && cd -P ${name} && i=$((i + 1))`;
    spawnSync('sh', ['-c', `i=0; while [ $i -lt 22 ]; do ${deeper}; done; echo > file`], {
      cwd: volume,
    });
    await pack();
    expect(seal()).toMatchObject({ tarExit: 0, files: 24, omitted: { longPaths: 3 } });
    const { status } = spawnSync('tar', ['-xf', '-', '-C', work], {
      input: (await pack()).archive,
    });
    expect(status).not.toBe(0);
  });

  it('counts flags of chattr, where the file system has them', async context => {
    writeFileSync(join(volume, 'flagged'), '');
    if (spawnSync('chattr', ['+A', join(volume, 'flagged')]).status !== 0) {
      return context.skip('this file system has no flags, or chattr is missing');
    }
    await pack();
    expect(seal().omitted.attributeFlags).toBe(1);
  });

  it('says that flags are unknown where nothing could count them', async () => {
    await pack(instead('lsattr', 'exit 1'));
    expect(seal().omitted).toMatchObject({ attributeFlags: null, trustedXattrs: null });
  });

  it('reads every file of a FUSE file system, which takes each for one hole', async () => {
    const log = join(root, 'arguments');
    const real = 'exec /usr/bin/env PATH=/usr/bin:/bin tar "$@"';
    const env = () =>
      instead('tar', `case "$*" in *--index-file*) echo "$*" >'${log}';; esac; ${real}`);
    await pack(env());
    expect(readFileSync(log, 'utf8')).toContain(' --sparse ');
    instead('stat', 'echo fuseblk');
    await pack(env());
    expect(readFileSync(log, 'utf8')).not.toContain('--sparse');
    expect(seal()).toMatchObject({ tarExit: 0, files: 1 });
  });

  const REAL = 'exec /usr/bin/env PATH=/usr/bin:/bin';
  /** find says of every file that it uses no block: to tar's search for holes beforehand, or to the walk beside tar. */
  const withoutBlocks = (where: 'before' | 'beside') => {
    const isMeant = where === 'before' ? '-printf' : '/dev/fd/6';
    return instead(
      'find',
      `for each; do shift
        [ "$each" != '%b\\t%p\\0' ] || [ "$before" != ${isMeant} ] || each='0\\t%p\\0'
        set -- "$@" "$each"; before=$each
      done; ${REAL} find "$@"`
    );
  };
  const aMinuteLater = () => instead('date', 'echo $(($(/bin/date "$@") + 60))');

  it('reads every file where files have data and use no block, which tar takes for holes', async () => {
    const log = join(root, 'arguments');
    const env = () =>
      instead('tar', `case "$*" in *--index-file*) echo "$*" >'${log}';; esac; ${REAL} tar "$@"`);
    writeFileSync(join(volume, 'hole'), '');
    truncateSync(join(volume, 'hole'), 100_000);
    withoutBlocks('before');
    aMinuteLater();
    await pack(env());
    expect(readFileSync(log, 'utf8')).toContain(' --sparse ');
    writeFileSync(join(volume, 'data'), Buffer.alloc(5_000, '\n'));
    await pack(env());
    expect(readFileSync(log, 'utf8')).not.toContain('--sparse');
    expect(sealed()).toMatchObject({ takenForHoles: 0, seal: { tarExit: 0, files: 3 } });
  });

  it('counts each file that has data and uses no block, also where the first files do not show it', async () => {
    writeFileSync(join(volume, 'hole'), '');
    truncateSync(join(volume, 'hole'), 2 ** 40);
    writeFileSync(join(volume, 'zeros'), Buffer.alloc(200_000));
    writeFileSync(join(volume, 'data'), Buffer.alloc(5_000, '\n'));
    writeFileSync(join(volume, 'end'), Buffer.alloc(1));
    truncateSync(join(volume, 'end'), 2 ** 30);
    writeFileSync(join(volume, 'end'), 'x', { flag: 'a' });
    const env = withoutBlocks('beside');
    await pack(env);
    expect(sealed().takenForHoles).toBe(0); // all of them have changed since it began, and have blocks now
    aMinuteLater();
    await pack(env);
    expect(sealed()).toMatchObject({ takenForHoles: 2, seal: { tarExit: 0, files: 5 } });
    rmSync(join(volume, 'data'));
    rmSync(join(volume, 'end'));
    await pack(env);
    expect(sealed().takenForHoles).toBe(0);
  });

  it('counts files that use no block and cannot be read to the end', async () => {
    writeFileSync(join(volume, 'a'), Buffer.alloc(5_000));
    const env = withoutBlocks('beside');
    const says = (problem: string) =>
      instead(
        'grep',
        `case "$*" in *-dskip*) echo 'grep: ./a: ${problem}' >&2; exit 2;; esac; ${REAL} grep "$@"`
      );
    says('No such file or directory');
    await pack(env);
    expect(sealed().takenForHoles).toBe(0);
    says('Input/output error');
    await pack(env);
    expect(sealed().takenForHoles).toBe(1);
  });

  it('counts files whose names changed meanwhile: tar may have taken a new one for an old one', async () => {
    writeFileSync(join(volume, 'a'), 'a');
    writeFileSync(join(volume, 'alone'), 'a');
    linkSync(join(volume, 'a'), join(volume, 'b'));
    await pack();
    expect(sealed().tar.changed).toBe(2);
    // The same a minute later.
    await pack(aMinuteLater());
    expect(sealed().tar.changed).toBe(0);
  });

  it('tells the exit code of a tar that failed, and its messages', async () => {
    await pack(process.env, join(root, 'missing'));
    expect(seal().tarExit).toBe(2);
    expect(sealed().tar.errors).toBe(1);
    expect(sealed().messages.join()).toMatch(/missing.*No such file/);
  });

  it('keeps the one entry that could not be read among thousands of ignored sockets', async () => {
    const env = instead(
      'tar',
      `case "$*" in *files-from*|--version) exec /usr/bin/env PATH=/usr/bin:/bin tar "$@";; esac
      i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); echo "tar: ./s$i: socket ignored" >&2; done
      echo "tar: ./x: socket ignored: Cannot open: Permission denied" >&2
      while [ $i -lt 2000 ]; do i=$((i + 1)); echo "tar: ./s$i: socket ignored" >&2; done
      echo "tar: Exiting with failure status due to previous errors" >&2; exit 2`
    );
    await pack(env);
    const { tar, messages } = sealed();
    expect(tar).toMatchObject({ errors: 1, sockets: 2000 });
    expect(messages[0]).toBe('tar: ./x: socket ignored: Cannot open: Permission denied');
    expect(messages[1]).toBe('tar: ./s1: socket ignored');
    expect(messages).toContain('(1800 more)');
    expect(messages.at(-1)).toBe('tar: ./s2000: socket ignored');
    expect(messages).toHaveLength(1 + 150 + 1 + 50);
  });

  it.each<[string, () => NodeJS.ProcessEnv, RegExp]>([
    ['has no tar', () => only(...TOOLS), /^the helper image lacks GNU tar\n$/],
    [
      'has a tar that is not GNU’s',
      () => instead('tar', 'echo "tar (busybox) 1.35"'),
      /^the helper image lacks GNU tar\n$/,
    ],
    [
      'has a GNU tar without extended attributes',
      () =>
        instead(
          'tar',
          'echo "tar (GNU tar) 1.34"; [ "$1" = --version ] || echo "XATTR support is not available" >&2'
        ),
      /^the helper image lacks a GNU tar that keeps extended attributes and ACLs\n$/,
    ],
    [
      'has a split that cannot give its parts to a command',
      () => instead('split', 'echo "split: unrecognized option: filter=cat" >&2; exit 1'),
      /^the helper image lacks GNU split\n$/,
    ],
    [
      'has little',
      () => only('sh', 'rm', 'base64', 'gzip', 'tr'),
      /lacks node, awk, mkfifo, .*, GNU split, GNU tar\n$/,
    ],
    ['has nothing but a shell', () => only('sh', 'rm'), /lacks base64, gzip or tr\n$/],
  ])('reads nothing when the image %s, and says what it lacks', async (_, env, message) => {
    writeFileSync(join(volume, 'a'), 'a');
    const { exit, archive, stderr } = await pack(env());
    expect({ exit, size: archive.length }).toEqual({ exit: 127, size: 0 });
    expect(stderr).toMatch(message);
    expect(existsSync(join(work, 'seal'))).toBe(false);
  });

  const slowTar = (work: string) =>
    `case "$*" in *files-from*|--version) exec /usr/bin/env PATH=/usr/bin:/bin tar "$@";; esac
    ${work}
    exec /usr/bin/env PATH=/usr/bin:/bin tar "$@"`;

  it('says that tar gets on while nothing comes out', async () => {
    const busy = 'i=0; while [ $i -lt 40 ]; do i=$((i + 1)); sleep 0.02; done';
    const { stderr, archive } = await pack({
      ...instead('tar', slowTar(busy)),
      NKVM_REPORT_SECONDS: '0.2',
    });
    expect(stderr.startsWith(WORKING.repeat(2))).toBe(true);
    expect(seal()).toMatchObject({ tarExit: 0, bytes: archive.length });
  });

  it('does not say so of a tar that waits', async () => {
    const { stderr } = await pack({
      ...instead('tar', slowTar('sleep 1.2')),
      NKVM_REPORT_SECONDS: '0.2',
    });
    expect(stderr.split(WORKING).length - 1).toBeLessThanOrEqual(2); // when it began, and when it was awake again
    expect(seal().tarExit).toBe(0);
  });

  it('packs ten terabytes of holes without reading them', async () => {
    writeFileSync(join(volume, 'holes'), 'begin');
    truncateSync(join(volume, 'holes'), 10 * 2 ** 40);
    const { archive } = await pack();
    expect(seal()).toMatchObject({ tarExit: 0, compressorExit: 0, files: 2 });
    expect(archive.length).toBeLessThan(100_000);
    expect(sealed().usedBytes).toBeLessThan(100_000);
  });

  it('ends while a tree keeps growing, and tells what changed', async () => {
    const script =
      'i=0; while [ -d "$0" ]; do i=$((i + 1)); mkdir "$0/$i" && echo x >"$0/$i/f"; echo x >>"$0/log"; done';
    const writer = spawn('sh', ['-c', script, volume]);
    try {
      const { exit } = await pack();
      expect(exit).toBe(0);
      expect(seal().tarExit).toBeLessThanOrEqual(1);
    } finally {
      writer.kill('SIGKILL');
    }
  });

  it('packs what it finds when names become something else meanwhile', async () => {
    for (const name of ['b', 'c', 'd']) mkdirSync(join(volume, name));
    writeFileSync(join(volume, 'a'), randomBytes(30_000_000));
    const child = start(); // nobody reads: tar waits in the middle of the file `a`, or of another entry
    await new Promise(resolve => child.stdout.once('readable', resolve));
    rmSync(join(volume, 'b'), { recursive: true });
    writeFileSync(join(volume, 'b'), 'a file now');
    rmSync(join(volume, 'd'), { recursive: true });
    child.stdout.resume();
    expect(await new Promise(resolve => child.on('close', resolve))).toBe(0);
    expect(seal().tarExit).toBeLessThanOrEqual(1);
    expect(sealed().tar.errors).toBe(0);
  });

  it('tells the exit code of a compressor that was killed', async () => {
    writeFileSync(join(volume, 'big'), Buffer.alloc(1_000_000, 1));
    await pack(instead('igzip', 'kill -KILL $$'));
    expect(seal().compressorExit).toBe(137);
  });

  it('ends without a reader', async () => {
    writeFileSync(join(volume, 'big'), Buffer.alloc(20_000_000, 'abc'));
    const child = start();
    child.stdout.destroy();
    expect(await new Promise(resolve => child.on('close', resolve))).toBe(1);
    expect(existsSync(join(work, 'seal'))).toBe(false);
  });
});
