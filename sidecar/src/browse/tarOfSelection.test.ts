import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SelectOptions } from '../archive/index/select.ts';
import { select } from '../archive/index/select.ts';
import type { TestArchiveOptions } from '../testing/archive/testArchive.ts';
import { packed, testArchive } from '../testing/archive/testArchive.ts';
import { putArchive, testArchives } from '../testing/archive/testOpenArchive.ts';
import type { OpenArchive } from './openArchive.ts';
import { fileOf, tarOfSelection } from './tarOfSelection.ts';

const KEY = 'a.tar.gz';
const LONG = 'n'.repeat(200);
const SCRIPT = `
  mkdir -p a/b ${LONG} odd
  echo hello > a/hello; setfattr -n user.note -v kept a/hello; chmod 4711 a/hello
  ln -s ../somewhere a/link; mkfifo a/pipe
  printf 0123456789%.0s {1..500} > a/b/data
  printf x > ${LONG}/${LONG}; touch -d '1965-03-04 05:06:07.000000001 UTC' ${LONG}/${LONG}
  printf x > $'odd/\\xff\\n\\\\'
  truncate -s 300K sparse; printf middle | dd of=sparse bs=1 seek=150000 conv=notrunc status=none
  printf linked > first; ln first second; ln first third; setfattr -n user.of -v first first
`;
const made = testArchive(KEY, SCRIPT);

/** What GNU tar lists of a tar, everything that it knows. */
const listed = (tar: Buffer): string[] =>
  execFileSync(
    'tar',
    ['-tvvf', '-', '--full-time', '--quoting-style=c', '--xattrs', '--numeric-owner'],
    { input: tar }
  )
    .toString()
    .trimEnd()
    .split('\n')
    .map(line => line.replace(/ +/g, ' ')); // columns become wider as they have to
const namesOf = (tar: Buffer) =>
  execFileSync('tar', ['-tf', '-', '--quoting-style=c'], { input: tar })
    .toString()
    .trimEnd()
    .split('\n');

/** @returns what a shell command says in the directory into which a tar was unpacked. */
function unpacked(tar: Buffer, command: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-unpacked-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  execFileSync('tar', ['-xf', '-', '--xattrs', '--xattrs-include=*', '-C', dir], { input: tar });
  return execFileSync('bash', ['-euc', command], {
    cwd: dir,
    env: { ...process.env, TZ: 'UTC' },
  }).toString();
}

async function opened(options: { memberRawBytes?: number | undefined } = {}): Promise<OpenArchive> {
  const { storage, open } = testArchives();
  putArchive(
    storage,
    KEY,
    packed(KEY, made.tar, made.lines, options.memberRawBytes ?? made.tar.length)
  );
  return await open(KEY);
}
const selected = async (paths: string[], archive: OpenArchive, options?: SelectOptions) =>
  await buffer(tarOfSelection(archive, select(archive.index, paths, options)));

describe.each<[string, number | undefined]>([
  ['of one member', undefined],
  ['of many members', 1_536],
])('a tar of some entries of an archive %s', (_, memberRawBytes) => {
  it('has all of them byte for byte, when all are selected', async () => {
    const archive = await opened({ memberRawBytes });
    const everything = await selected([''], archive);
    const end = everything.length - 1_024;
    expect(everything.subarray(0, end).equals(made.tar.subarray(0, end))).toBe(true);
    expect(made.tar.subarray(end).every(byte => byte === 0)).toBe(true);
  });

  it.each<[string[], string[]]>([
    [['a/b'], ['./a/', './a/b/', './a/b/data']],
    [['a/hello'], ['./a/', './a/hello']],
    [[LONG], [`./${LONG}/`, `./${LONG}/${LONG}`]],
    [
      ['odd/\\377\n\\\\', 'sparse'],
      ['./odd/', './odd/\\377\\n\\\\', './sparse'],
    ],
  ])('has those that are selected: %j', async (paths, expected) => {
    const archive = await opened({ memberRawBytes });
    const tar = await selected(paths, archive);
    expect(namesOf(tar)).toEqual(expected.map(name => `"${name}"`));
    const all = listed(made.tar);
    for (const line of listed(tar)) expect(all).toContain(line);
  });

  it('keeps attributes, times, modes and holes', async () => {
    const tar = await selected(['a', LONG, 'sparse'], await opened({ memberRawBytes }));
    expect(
      unpacked(tar, 'getfattr --only-values -n user.note a/hello; stat -c " %a" a/hello')
    ).toBe('kept 4711\n');
    expect(unpacked(tar, `stat -c %y ${LONG}/${LONG}`)).toContain('1965-03-04 05:06:07.000000001');
    expect(
      unpacked(tar, 'dd if=sparse bs=1 skip=150000 count=6 status=none; stat -c " %s %b" sparse')
    ).toMatch(/^middle 307200 (8|16)\n$/);
  });

  it('has the file of a hard link before it, for a restore', async () => {
    const tar = await selected(['second'], await opened({ memberRawBytes }));
    expect(namesOf(tar)).toEqual(['"./first"', '"./second"']);
    expect(unpacked(tar, 'cat second; stat -c " %h" first')).toBe('linked 2\n');
  });

  it('has the contents under the name of the hard link, for a download', async () => {
    const tar = await selected(['second', 'third'], await opened({ memberRawBytes }), {
      for: 'download',
    });
    expect(namesOf(tar)).toEqual(['"./second"', '"./third"']);
    expect(
      unpacked(
        tar,
        'cat second third; stat -c " %h" second; getfattr --only-values -n user.of third'
      )
    ).toBe('linkedlinked 2\nfirst');
  });
});

describe('a file of an archive', () => {
  const contents = async (path: string, archive: OpenArchive) =>
    await buffer(fileOf(archive, archive.index.nodeOf(path)));

  it('is given as it is, also by the name of a hard link, and with its holes as zeros', async () => {
    const archive = await opened({ memberRawBytes: 2_048 });
    expect((await contents('a/b/data', archive)).toString()).toBe('0123456789'.repeat(500));
    expect((await contents('third', archive)).toString()).toBe('linked');
    const sparse = await contents('sparse', archive);
    expect(sparse).toHaveLength(307_200);
    expect(sparse.subarray(150_000, 150_006).toString()).toBe('middle');
    expect(sparse.filter(byte => byte !== 0)).toHaveLength(6);
  });

  it.each<[string, TestArchiveOptions]>([
    ['1.0', { tarArguments: ['--format=posix', '--sparse'] }],
    ['0.1', { tarArguments: ['--format=posix', '--sparse', '--sparse-version=0.1'] }],
    ['0.0', { tarArguments: ['--format=posix', '--sparse', '--sparse-version=0.0'] }],
    ['GNU', { tarArguments: ['--format=gnu', '--sparse'] }],
  ])('with many holes is given from a tar with the form %s', async (_, options) => {
    const { archive, tar } = testArchive(
      KEY,
      'for i in {0..60}; do printf "part $i" | dd of=holes bs=1 seek=$((i * 20000)) conv=notrunc status=none; done; truncate -s 2M holes; cp --sparse=never holes plain',
      options
    );
    const { storage, open } = testArchives();
    putArchive(storage, KEY, { archive, index: undefined });
    const opened = await open(KEY);
    expect(tar.length).toBeLessThan(3_000_000);
    const holes = await contents('holes', opened);
    expect(holes.equals(await contents('plain', opened))).toBe(true);
    expect(holes.subarray(1_200_000, 1_200_007).toString()).toBe('part 60');
  });
});

describe('an index that lies', () => {
  it.each<[string, (lines: string) => string]>([
    [
      'about a place',
      lines =>
        lines.replace(
          /^block (\d+): (.*b\/data")/m,
          (_, block, rest) => `block ${Number(block) + 1}: ${rest}`
        ),
    ],
    ['about a name', lines => lines.replace('b/data"', 'b/date"')],
    ['about a size', lines => lines.replace(' 5000 ', ' 4000 ')],
    ['about a type', lines => lines.replace(/-(.*b\/data")/, 'p$1')],
    [
      'and names a place after the end',
      lines => lines.replace(/^block \d+: (.*b\/data")/m, 'block 99999: $1'),
    ],
  ])('%s is found out, and rebuilt', async (_, change) => {
    const { storage, open, warnings } = testArchives();
    const lines = change(made.lines.toString('latin1'));
    expect(lines).not.toBe(made.lines.toString('latin1'));
    putArchive(storage, KEY, packed(KEY, made.tar, Buffer.from(lines, 'latin1'), 4_096));
    const first = await open(KEY);
    expect(first.origin).toBe('stored');
    const reading = selected(['a/b'], first);
    await expect(reading).rejects.toMatchObject({ reason: 'IndexWrong', class: 'transient' });
    expect(warnings).toEqual([`the index of ${KEY} belongs to another archive`]);
    const second = await open(KEY);
    expect(second.origin).toBe('rebuilt');
    expect(namesOf(await selected(['a/b'], second))).toContain('"./a/b/data"');
  });

  it('about members is found out, and rebuilt', async () => {
    const { storage, open } = testArchives();
    const { archive } = packed(KEY, made.tar, made.lines, 4_096);
    const header = {
      formatVersion: 1,
      archive: KEY,
      lines: 'tar-R-vv',
      memberRawBytes: 4_096,
      members: [100, archive.length - 100],
    };
    putArchive(storage, KEY, {
      archive,
      index: gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), made.lines])),
    });
    await expect(selected(['third'], await open(KEY))).rejects.toMatchObject({
      reason: 'IndexWrong',
    });
    expect((await open(KEY)).origin).toBe('rebuilt');
  });
});

describe('an archive that changes', () => {
  it('ends the stream with an error, never as if it were complete', async () => {
    const { storage, open } = testArchives();
    putArchive(storage, KEY, packed(KEY, made.tar, made.lines, 4_096));
    const archive = await open(KEY);
    const bytes = storage.archives.get(KEY)!;
    storage.archives.set(
      KEY,
      Buffer.concat([bytes.subarray(0, bytes.length - 3_000), Buffer.alloc(3_000)])
    );
    await expect(selected([''], archive)).rejects.toMatchObject({ reason: 'IndexWrong' });
  });

  it.each([
    ['the last member', 4_000_000],
    ['a member before the last', 2_000_000],
  ])('is found out by the checksum of %s, where that is asked for', async (_, memberRawBytes) => {
    const { archive, index } = testArchive(
      KEY,
      'echo hello > hello; head -c 3000000 /dev/urandom > later',
      { memberRawBytes: Math.ceil(memberRawBytes / 512) * 512 }
    );
    const { storage, open } = testArchives();
    putArchive(storage, KEY, { archive, index });
    const opened = await open(KEY);
    const changed = Buffer.from(archive);
    const crc = (opened.parts[0].raw.members?.sizes[0] ?? 0) - 8;
    changed[crc] = ~(changed[crc] ?? 0) & 0xff;
    storage.archives.set(KEY, changed);
    const selection = select(opened.index, ['hello']);
    expect(namesOf(await buffer(tarOfSelection(opened, selection)))).toContain('"./hello"');
    await expect(buffer(tarOfSelection(opened, selection, undefined, true))).rejects.toMatchObject({
      reason: 'IndexWrong',
    });
  });

  it('is not taken apart when its headers count for several entries', async () => {
    const { archive } = testArchive(KEY, 'echo x > file', {
      tarArguments: ['--format=posix', '--pax-option=uname=somebody'],
    });
    const { storage, open } = testArchives();
    putArchive(storage, KEY, { archive, index: undefined });
    await expect(selected(['file'], await open(KEY))).rejects.toMatchObject({
      reason: 'EntriesDepend',
    });
  });
});
