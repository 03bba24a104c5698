import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LinkHere } from '../../testing/chainHere.ts';
import { linkHere, otherSnapshot, setTime, untarChain } from '../../testing/chainHere.ts';
import { treeLines } from '../../testing/treeHistory.ts';
import { chainCommand, packCommand } from './packCommand.ts';

let root: string;
let volume: string;
let full: LinkHere;

const next = (base: Buffer | undefined, env?: NodeJS.ProcessEnv): LinkHere =>
  linkHere(volume, join(root, 'work'), base, env);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nkvm-chain-'));
  volume = join(root, 'volume');
  mkdirSync(join(volume, 'orders', 'old'), { recursive: true });
  mkdirSync(join(root, 'work'));
  for (let n = 0; n < 20; n++) writeFileSync(join(volume, 'orders', `${n}`), `${n}`.repeat(9_000));
  writeFileSync(join(volume, 'orders', 'old', 'ü\n'), 'old');
  full = next(undefined);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** As after a roll-back of the volume, or where a clock was set back: all times are before that of the snapshot file. */
const late = (base: Buffer): Buffer =>
  otherSnapshot(base, parts => setTime(parts, 9_999_999_999_000_000_000n));

it('makes a full archive, and then increments that tar alone restores', () => {
  expect(full.sealed).toMatchObject({
    seal: { files: 24, entriesInVolume: 24, tarExit: 0 },
    link: { form: 'full', reason: 'asked', snapshot: { bytes: expect.any(Number) } },
    messages: [],
  });
  const unchanged = next(full.snapshot);
  expect(unchanged.sealed).toMatchObject({
    seal: { files: 3, entriesInVolume: 24 },
    link: { form: 'increment', reason: 'none' },
  });
  writeFileSync(join(volume, 'orders', '7'), 'changed');
  rmSync(join(volume, 'orders', '8'));
  renameSync(join(volume, 'orders', 'old'), join(volume, 'older'));
  const changed = next(unchanged.snapshot);
  expect(changed.sealed).toMatchObject({ seal: { files: 5, entriesInVolume: 23 }, messages: [] });
  const target = join(root, 'restored');
  mkdirSync(target);
  untarChain([full.archive, unchanged.archive, changed.archive], target);
  expect(treeLines(target)).toEqual(treeLines(volume));
});

it('packs everything where a file has changed and its times are old', () => {
  expect(next(late(full.snapshot)).sealed.link).toMatchObject({
    form: 'increment',
    reason: 'none',
  });
  writeFileSync(join(volume, 'orders', '7'), 'changed');
  writeFileSync(join(volume, 'new'), '');
  expect(next(late(full.snapshot)).sealed).toMatchObject({
    seal: { files: 25 },
    link: { form: 'full', reason: 'unseen', count: 2 },
  });
});

it('packs everything where a file has other contents and the same times', () => {
  const other = otherSnapshot(late(full.snapshot), parts => {
    for (const piece of parts.head.sample) piece.sha256 = 'ab'.repeat(32);
  });
  expect(next(other).sealed).toMatchObject({
    seal: { files: 24 },
    link: { form: 'full', reason: 'contents', count: 21 },
  });
});

it.each<[string, (base: Buffer) => Buffer]>([
  ['is cut', base => base.subarray(0, base.length / 2)],
  ['is not gzip', () => Buffer.from('no')],
  [
    'is of a later format',
    base => otherSnapshot(base, ({ head }) => Object.assign(head, { formatVersion: 2 })),
  ],
  [
    'lacks files',
    base => otherSnapshot(base, parts => void (parts.known = parts.known.subarray(8))),
  ],
])('packs everything where the snapshot file %s', (_, wrong) => {
  const link = next(wrong(full.snapshot));
  expect(link.sealed).toMatchObject({
    seal: { files: 24 },
    link: { form: 'full', reason: 'unreadable' },
  });
  expect(next(link.snapshot).sealed.link.form).toBe('increment');
});

it('makes an archive alone where the snapshot file would be too big', () => {
  const link = next(full.snapshot, { NKVM_SNAPSHOT_LIMIT: '300' });
  expect(link.sealed).toMatchObject({
    seal: { files: 24 },
    link: { form: 'none', reason: 'too-big', snapshot: null },
  });
});

it('fits into a URL of 8 KiB', () => {
  for (const command of [
    chainCommand('ab'.repeat(32)),
    packCommand('contents', 'a'.repeat(90), undefined, { isLink: true }),
  ]) {
    const query = new URLSearchParams();
    for (const word of command) query.append('command', word);
    expect(query.toString().length).toBeLessThan(7_500);
  }
});
