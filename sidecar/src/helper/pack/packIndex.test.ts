import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { firstBlocks } from '../../testing/archive/firstBlocks.ts';
import type { Packing } from '../../testing/helper/packing.ts';
import { ARCHIVE, packing } from '../../testing/helper/packing.ts';
import { WORK_PATH } from '../names.ts';
import { indexCommand } from './packCommand.ts';

/** What the packing command tells about an archive beside its digest: members, index, used bytes. */

let volume: Packing['volume'];
let work: Packing['work'];
let pack: Packing['pack'];
let sealed: Packing['sealed'];
let instead: Packing['instead'];
let remove: Packing['remove'];

beforeEach(() => {
  ({ volume, work, pack, sealed, instead, remove } = packing());
});
afterEach(() => remove());

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

const igzip = spawnSync('sh', ['-c', 'command -v igzip'], { encoding: 'utf8' }).stdout.trim();

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
  const sample = fileURLToPath(new URL('../../archive/index/fixtures/', import.meta.url));
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
  ['the disk is full', () => instead('head', '[ "$2" -gt 99 ] && exit 1; exec /usr/bin/head "$@"')],
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
