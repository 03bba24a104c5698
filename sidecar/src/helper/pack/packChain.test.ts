import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LinkHere } from '../../testing/chain/chainHere.ts';
import { linkHere, otherSnapshot, setTime, untarChain } from '../../testing/chain/chainHere.ts';
import { treeLines } from '../../testing/chain/treeHistory.ts';
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

describe('an unchanged file with several names', () => {
  const at = (path: string): string => join(volume, path);
  /** @returns the increment after one change of a volume that was backed up before. */
  function afterChange(change: () => void): LinkHere {
    const before = next(undefined);
    change();
    const link = next(before.snapshot);
    expect(restored(...(link.sealed.link.form === 'full' ? [] : [before]), link)).toEqual(
      treeLines(volume)
    );
    return link;
  }

  it.each([
    ['a directory that was renamed', 'orders/7'],
    ['a directory below one that was renamed', 'orders/old/ü\n'],
  ])('is packed with all of its names where one of them is in %s', (_, name) => {
    linkSync(at(name), at('outside'));
    linkSync(at(name), at('other'));
    const { link } = afterChange(() => renameSync(at('orders'), at('renamed'))).sealed;
    expect(link).toMatchObject({ form: 'full', reason: 'links', count: 1 });
  });

  it('is told of where a directory of one of them is renamed before tar comes to it', () => {
    linkSync(at('orders/7'), at('outside'));
    const before = next(undefined);
    const env = beforeTar(`mv '${at('orders')}' '${at('renamed')}'`);
    const during = next(before.snapshot, env);
    expect(during.sealed).toMatchObject({
      link: { form: 'increment' },
      tar: { errors: 0 },
      messages: [
        expect.stringMatching(
          /^nkvm: directories that were renamed or deleted before tar read them: 1;/
        ),
      ],
    });
    expect(during.sealed.tar.changed).toBeGreaterThan(0);
    const after = next(during.snapshot);
    expect(after.sealed).toMatchObject({ link: { form: 'full', reason: 'links' }, messages: [] });
    expect(restored(after)).toEqual(treeLines(volume));
  });

  it('makes no full archive where all of them are in a renamed directory, or the directory is new', () => {
    linkSync(at('orders/7'), at('orders/old/7'));
    const { link } = afterChange(() => {
      renameSync(at('orders'), at('renamed'));
      mkdirSync(at('new'));
      linkSync(at('renamed/7'), at('new/7'));
    }).sealed;
    expect(link).toMatchObject({ form: 'increment', reason: 'none' });
  });
});

/** @returns an environment in which a command of the shell runs before tar packs. */
function beforeTar(command: string): NodeJS.ProcessEnv {
  const bin = join(root, 'bin');
  mkdirSync(bin);
  const lines = [
    '#!/bin/sh',
    `case "$*" in *--listed-incremental*) ${command} ;; esac`,
    `PATH='${process.env.PATH}' exec tar "$@"`,
  ];
  writeFileSync(join(bin, 'tar'), lines.join('\n'), { mode: 0o755 });
  return { PATH: `${bin}:${process.env.PATH}` };
}

/** @returns an environment in which commands of the shell run when tar has written so many records of 32 KiB. */
function whileRead(commands: Record<number, string>): NodeJS.ProcessEnv {
  const bin = join(root, 'bin');
  mkdirSync(bin);
  const cases = Object.entries(commands).map(([at, command]) => `${at}) ${command} ;;`);
  writeFileSync(
    join(bin, 'hook'),
    `case $TAR_CHECKPOINT in ${cases.join(' ')} esac >/dev/null 2>&1`
  );
  const lines = [
    '#!/bin/sh',
    `case "$*" in *--listed-incremental*) set -- --checkpoint=1 --checkpoint-action=exec='sh ${bin}/hook' "$@" ;; esac`,
    `PATH='${process.env.PATH}' exec tar "$@"`,
  ];
  writeFileSync(join(bin, 'tar'), lines.join('\n'), { mode: 0o755 });
  return { PATH: `${bin}:${process.env.PATH}` };
}

/** @returns the volume as tar alone restores it from a chain. */
function restored(...links: LinkHere[]): string[] {
  const target = join(root, 'restored');
  mkdirSync(target);
  untarChain(
    links.map(({ archive }) => archive),
    target
  );
  return treeLines(target);
}

describe('a directory that was elsewhere while tar read the volume', () => {
  const SWAP = 'mv orders old && mv orders.new orders';
  const SWAP_BACK = 'mv orders orders.new && mv old orders';
  beforeEach(() => {
    writeFileSync(join(volume, 'a'), Buffer.alloc(500_000, 'a')); // 16 records, which are read first
    mkdirSync(join(volume, 'orders.new'));
    for (let n = 0; n < 20; n++)
      writeFileSync(join(volume, 'orders.new', `${n}`), Buffer.alloc(20_000, 'z'));
  });
  const there = (command: string): string => `cd '${volume}' && ${command}`;

  it.each<[string, Record<number, string>, string]>([
    ['is not there then', { 1: 'mv orders ../away' }, 'mv ../away orders'],
    ['and another one had its name', { 1: SWAP }, SWAP_BACK],
    ['and another one had its name for a moment', { 1: SWAP, 24: SWAP_BACK }, 'true'],
  ])('is packed again: it %s', (_, during, afterwards) => {
    const commands = Object.entries(during).map(([at, command]) => [at, there(command)]);
    const first = next(undefined, whileRead(Object.fromEntries(commands)));
    expect(first.sealed.tar.errors).toBe(0);
    execFileSync('sh', ['-c', there(afterwards)]);
    const second = next(first.snapshot);
    expect(second.sealed.link.form).toBe('increment');
    expect(restored(first, second)).toEqual(treeLines(volume));
  });
});

it('takes a directory that was deleted before tar came to it for no error', () => {
  for (let n = 0; n < 300; n++) mkdirSync(join(volume, `d${n}`));
  const first = next(undefined, whileRead({ 1: `rmdir '${volume}/d99'` }));
  expect(first.sealed.messages).toEqual(['tar: ./d99: File removed before we read it']);
  expect(first.sealed).toMatchObject({ tar: { errors: 0, removed: 1 }, seal: { tarExit: 1 } });
  expect(restored(first).slice(1)).toEqual(treeLines(volume).slice(1)); // the root has another time now
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
