import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { firstBlocks } from '../testing/firstBlocks.ts';
import { VOLUME_PATH, WORK_PATH } from './names.ts';
import type { PackLevel } from './packCommand.ts';
import { indexCommand, packCommand, WORKING } from './packCommand.ts';
import { readSeal } from './seal.ts';

const ARCHIVE = 'kind__shop__orders-db__20261120T101112Z__01k9a2b3c4d5e6f7g8h9jkmnpq.tar.gz';

/** What the command needs beside tar. */
const TOOLS = ['sh', 'rm', 'node', 'awk', 'mkfifo', 'gzip', 'grep', 'find', 'xargs'];
TOOLS.push('base64', 'head', 'cat', 'split');

let root: string;
let volume: string;
let work: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nkvm-pack-'));
  volume = join(root, 'volume');
  work = join(root, 'work');
  mkdirSync(volume);
  mkdirSync(work);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function start(
  from = volume,
  env = process.env,
  level: PackLevel = 'checksum',
  indexLimit?: number
) {
  const here = new Map([
    [VOLUME_PATH, from],
    [WORK_PATH, work],
  ]);
  const [program = '', ...args] = packCommand(level, ARCHIVE, indexLimit).map(
    word => here.get(word) ?? word
  );
  return spawn(program, args, { env });
}

/** Runs the command as the helper pod does, on directories of this machine. */
async function pack(
  env: NodeJS.ProcessEnv = process.env,
  from = volume,
  level?: PackLevel,
  indexLimit?: number
) {
  const child = start(from, env, level, indexLimit);
  const exit = new Promise<number | null>(resolve => child.on('close', resolve));
  const [archive, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  return { exit: await exit, archive, stderr: stderr.toString() };
}

const sealed = () => readSeal(readFileSync(join(work, 'seal'), 'utf8'));
const seal = () => sealed().seal;

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** The index as the sidecar fetches it: its first line, and tar's. */
function index() {
  const [program = '', ...args] = indexCommand().map(word => word.replace(WORK_PATH, work));
  const bytes = spawnSync(program, args).stdout;
  const [head = '', ...lines] = gunzipSync(bytes).toString('latin1').trimEnd().split('\n');
  return { bytes, head: JSON.parse(head), lines };
}

/** @returns the gzip members that the index names, cut out of the archive and unpacked. */
function membersOf(archive: Buffer, sizes: number[]): Buffer[] {
  let at = 0;
  const parts = sizes.map(size => gunzipSync(archive.subarray(at, (at += size))));
  expect(at).toBe(archive.length);
  return parts;
}

/** Puts a program before all others of its name. @returns the environment that finds it. */
function instead(name: string, script: string): NodeJS.ProcessEnv {
  const bin = join(root, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
  return { ...process.env, PATH: `${bin}:${process.env.PATH}` };
}

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

const igzip = spawnSync('sh', ['-c', 'command -v igzip'], { encoding: 'utf8' }).stdout.trim();

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

  it('writes members of 64 MiB of tar, and an index with the sizes of all', async () => {
    writeFileSync(join(volume, 'a'), randomBytes(1_000_000));
    writeFileSync(join(volume, 'b'), Buffer.alloc(140_000_000, 'some text '));
    const { archive } = await pack();
    const { bytes, head, lines } = index();
    const raw = gunzipSync(archive);
    expect(head).toEqual({
      formatVersion: 1,
      archive: ARCHIVE,
      bytes: archive.length,
      sha256: sha256(archive),
      rawBytes: raw.length,
      entries: 3,
      lines: 'tar-R-vv',
      memberRawBytes: 64 * 1024 * 1024,
      members: expect.any(Array),
    });
    const members = membersOf(archive, head.members);
    expect(members.map(({ length }) => length)).toEqual([
      64 * 1024 * 1024,
      64 * 1024 * 1024,
      raw.length - 128 * 1024 * 1024,
    ]);
    expect(Buffer.concat(members).equals(raw)).toBe(true);
    expect(lines.map(line => Number(/^block (\d+): /.exec(line)?.[1]))).toEqual(firstBlocks(raw));
    expect(sealed()).toMatchObject({
      members: { count: 3, sha256: sha256(head.members.join()) },
      index: { bytes: bytes.length, sha256: sha256(bytes) },
    });
  });

  it('lists every kind of entry and of name as its sample does, each at its first block', async () => {
    const sample = fileURLToPath(new URL('../archive/index/fixtures/', import.meta.url));
    const extract = ['--numeric-owner', '--xattrs', '--acls', '-pxf', `${sample}tar-lines.tar`];
    const { status } = spawnSync('tar', [...extract, '-C', volume]);
    if (status !== 0) return; // only root may make devices
    const { archive } = await pack();
    const { lines } = index();
    const said = (text: string[]) => text.map(line => line.replace(/^block \d+: /, '')).sort();
    const rest = (line: string) => !/old-with-nanoseconds|"\.\/"|first-name|second link/.test(line);
    const expected = readFileSync(`${sample}tar-lines.txt`, 'latin1').trimEnd().split('\n');
    expect(said(lines).filter(rest)).toEqual(said(expected).filter(rest));
    expect(lines).toHaveLength(expected.length);
    expect(lines.map(line => Number(/^block (\d+): /.exec(line)?.[1]))).toEqual(
      firstBlocks(gunzipSync(archive))
    );
  });

  it('cannot be deceived by what the volume holds about the ends of members', async () => {
    const archives = join(volume, 'archives');
    mkdirSync(archives);
    for (const name of ['1', '2']) {
      const { archive } = await pack();
      writeFileSync(join(archives, name), archive);
    }
    const { archive } = await pack();
    expect(membersOf(archive, index().head.members)).toHaveLength(1);
    expect(seal().bytes).toBe(archive.length);
  });

  it('gives up an index that would be too big, and packs all the same', async () => {
    for (let at = 0; at < 300; at += 1) writeFileSync(join(volume, sha256(`${at}`)), '');
    const { exit, archive } = await pack(process.env, volume, undefined, 4_000);
    expect(exit).toBe(0);
    expect(sealed()).toMatchObject({ index: 'too-big', seal: { files: 301, tarExit: 0 } });
    expect(seal().sha256).toBe(sha256(archive));
    expect(existsSync(join(work, 'index.lines'))).toBe(false);
  });

  it.each<[string, () => NodeJS.ProcessEnv]>([
    // split names each part of the archive.
    ['its compressor fails', () => instead('igzip', `[ "$FILE" ] || exit 1; exec ${igzip} "$@"`)],
    [
      'its compressor is killed',
      () => instead('igzip', `[ "$FILE" ] || kill -9 $$; exec ${igzip} "$@"`),
    ],
    [
      'the disk is full',
      () => instead('head', '[ "$2" -gt 99 ] && exit 1; exec /usr/bin/head "$@"'),
    ],
  ])('does without an index when %s', async (_, env) => {
    for (let at = 0; at < 300; at += 1) writeFileSync(join(volume, sha256(`${at}`)), '');
    const { exit, archive } = await pack(env());
    expect(exit).toBe(0);
    expect(sealed()).toMatchObject({
      index: 'failed',
      seal: { files: 301, tarExit: 0, compressorExit: 0, sha256: sha256(archive) },
    });
  });

  it('counts the bytes that files use: holes are free, and a file with two names is one', async () => {
    writeFileSync(join(volume, 'a'), randomBytes(1_000_000));
    linkSync(join(volume, 'a'), join(volume, 'b'));
    truncateSync(join(volume, 'a'), 500_000_000);
    await pack();
    expect(sealed().usedBytes).toBeGreaterThanOrEqual(1_000_000);
    expect(sealed().usedBytes).toBeLessThan(1_100_000);
    await pack(instead('lsattr', 'exit 1'));
    expect(sealed().usedBytes).toBeLessThan(1_100_000);
    expect(sealed().usedBytes).toBeGreaterThanOrEqual(1_000_000);
  });

  it('does not know the used bytes where find cannot tell them, and counts flags all the same', async () => {
    writeFileSync(join(volume, 'a'), 'a');
    const env = instead('find', 'case "$*" in *fprintf*) exit 1;; esac; exec /usr/bin/find "$@"');
    await pack(env);
    expect(sealed()).toMatchObject({ usedBytes: null, seal: { files: 2 } });
    expect(seal().omitted.attributeFlags).toBe(0);
  });

  it('packs an empty volume', async () => {
    const { archive } = await pack();
    expect(seal()).toMatchObject({ files: 1, bytes: archive.length, tarExit: 0 });
  });

  it('leaves out an empty lost+found at the top, and nothing else of that name', async () => {
    for (const path of ['lost+found', 'deep/lost+found'])
      mkdirSync(join(volume, path), { recursive: true });
    const { archive } = await pack();
    const names = spawnSync('tar', ['-tzf', '-'], { input: archive, encoding: 'utf8' }).stdout;
    expect(names).toBe('./\n./deep/\n./deep/lost+found/\n');
    expect(seal().files).toBe(3);
    writeFileSync(join(volume, 'lost+found', '#1234'), 'found');
    await pack();
    expect(seal().files).toBe(5);
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

  it('counts files whose names changed meanwhile: tar may have taken a new one for an old one', async () => {
    writeFileSync(join(volume, 'a'), 'a');
    writeFileSync(join(volume, 'alone'), 'a');
    linkSync(join(volume, 'a'), join(volume, 'b'));
    await pack();
    expect(sealed().tar.changed).toBe(2);
    // The same a minute later.
    await pack(instead('date', 'echo $(($(/bin/date "$@") + 60))'));
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
      () => only('sh', 'rm', 'base64', 'gzip'),
      /lacks node, awk, mkfifo, .*, GNU split, GNU tar\n$/,
    ],
    ['has nothing but a shell', () => only('sh', 'rm'), /lacks base64, gzip\n$/],
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
