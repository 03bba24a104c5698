import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { DumpdirReader } from '../chain/dumpdir.ts';
import { ByteSource } from './byteSource.ts';
import { readEntryHead } from './entryHead.ts';
import { extendedHeader } from './extendedHeader.ts';
import { BLOCK, padTo } from './header.ts';
import type { PaxRecord } from './pax.ts';
import { readExtended } from './readExtended.ts';
import { scanTar } from './scanTar.ts';

const sourceOf = (bytes: Buffer, pieceBytes = 65_536): ByteSource =>
  new ByteSource(
    Readable.from(
      (function* () {
        for (let at = 0; at < bytes.length; at += pieceBytes)
          yield bytes.subarray(at, at + pieceBytes);
      })()
    )
  );

const record = (key: string, value: string): PaxRecord => ({ key, value: Buffer.from(value) });
const NAMES = record('GNU.dumpdir', `${'Ya file\0'.repeat(200)}\0`);
const OTHERS = [record('mtime', '1'), record('SCHILY.xattr.user.a', 'b=\n')];

async function read(records: readonly PaxRecord[], keptBytes: number, change = 0) {
  const bytes = extendedHeader(records);
  if (change) bytes[BLOCK + change]! ^= 0x40;
  const size = Number.parseInt(bytes.toString('latin1', 124, 135), 8);
  const source = sourceOf(bytes, 7);
  const pieces: Buffer[] = [];
  const found = await readExtended(source, Buffer.from(await source.read(BLOCK)), size, {
    keptBytes,
    onDumpdir: piece => pieces.push(Buffer.from(piece)),
  });
  expect(source.position).toBe(BLOCK + padTo(size));
  return { ...found, names: Buffer.concat(pieces) };
}

it.each([
  ['at once', 100_000],
  ['in pieces', 1_000],
])('takes the names of a directory out of a header that is read %s', async (_, keptBytes) => {
  expect(await read([OTHERS[0]!, NAMES, OTHERS[1]!], keptBytes)).toEqual({
    ...{ records: OTHERS, hasDumpdir: true, raw: extendedHeader(OTHERS), names: NAMES.value },
  });
});

it('gives a header without names as it is', async () => {
  const found = await read(OTHERS, 1_000);
  expect(found).toMatchObject({ records: OTHERS, hasDumpdir: false, raw: extendedHeader(OTHERS) });
});

it.each<[string, () => Promise<unknown>, string]>([
  ['is too big without names', () => read([record('a', 'b'.repeat(2_000))], 1_000), 'too big'],
  ['names a directory twice', () => read([NAMES, NAMES], 1_000), 'damaged'],
  ['is damaged in its length', () => read([NAMES], 1_000, 1), 'damaged'],
  ['is damaged in its end', () => read([NAMES, ...OTHERS], 1_000, 1_618), 'damaged'],
])('refuses a header that %s', async (_, reading, why) => {
  await expect(reading()).rejects.toThrow(why);
});

it('reads a directory of which tar keeps more than 16 MiB of names', async () => {
  const root = mkdtempSync(join(tmpdir(), 'nkvm-names-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const tree = join(root, 'tree');
  mkdirSync(tree);
  const name = 'n'.repeat(240);
  for (let n = 0; n < 70_000; n++) writeFileSync(join(tree, `${name}${n}`), '');
  const tar = join(root, 'tar');
  const flags = ['--format=posix', `--listed-incremental=${join(root, 'snapshot')}`];
  const before = join(root, 'before');
  execFileSync('tar', ['-cf', before, ...flags, '-C', tree, '.'], { stdio: 'ignore' });
  execFileSync('tar', ['-cf', tar, ...flags, '-C', tree, '.']);
  const bytes = readFileSync(tar);
  let names = 0;
  const reader = new DumpdirReader(() => (names += 1));
  const head = await readEntryHead(sourceOf(bytes), new Map(), piece => reader.push(piece));
  reader.end();
  expect(names).toBe(70_000);
  expect(head).toMatchObject({ hasDumpdir: true, offset: 0 });
  expect(head!.raw.length).toBeLessThan(4_096);
  expect(await scanTar(sourceOf(bytes).rest(), () => undefined)).toMatchObject({ files: 1 });
}, 120_000);
