import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** An archive and its index, as a helper makes them. */
export interface TestArchive {
  tar: Buffer;
  /** What tar wrote about it. */
  lines: Buffer;
  archive: Buffer;
  index: Buffer;
}

export interface TestArchiveOptions {
  /** Bytes of tar in each gzip member. Default: there is one member. */
  memberRawBytes?: number;
  /** Arguments of tar instead of those of a helper. */
  tarArguments?: string[];
}

const AS_A_HELPER = [
  '--format=posix',
  '--xattrs',
  '--xattrs-include=*',
  '--acls',
  '--sparse',
  '--sort=name',
];

/**
 * Packs with GNU tar what a shell script leaves in its directory.
 * @param key name of the archive
 */
export function testArchive(
  key: string,
  script: string,
  { memberRawBytes, tarArguments = AS_A_HELPER }: TestArchiveOptions = {}
): TestArchive {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-archive-'));
  try {
    const at = (name: string) => join(dir, name);
    execFileSync('bash', ['-euc', `umask 022; mkdir files; cd files\n${script}`], { cwd: dir });
    execFileSync(
      'tar',
      [
        ...['--create', `--file=${at('tar')}`, '--numeric-owner', ...tarArguments],
        ...['-vv', '--block-number', '--full-time', '--quoting-style=c'],
        ...[`--index-file=${at('lines')}`, `--directory=${at('files')}`, '.'],
      ],
      { env: { PATH: '/usr/bin:/bin', TZ: 'UTC0', LC_ALL: 'C' } }
    );
    const tar = readFileSync(at('tar'));
    const lines = readFileSync(at('lines'));
    return { tar, lines, ...packed(key, tar, lines, memberRawBytes) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** @returns a tar as an archive, and its index. */
export function packed(
  key: string,
  tar: Buffer,
  lines: Buffer,
  memberRawBytes = tar.length
): Pick<TestArchive, 'archive' | 'index'> {
  const members: Buffer[] = [];
  for (let at = 0; at < tar.length; at += memberRawBytes)
    members.push(gzipSync(tar.subarray(at, at + memberRawBytes)));
  const archive = Buffer.concat(members);
  const header = {
    formatVersion: 1,
    archive: key,
    bytes: archive.length,
    rawBytes: tar.length,
    lines: 'tar-R-vv',
    memberRawBytes,
    members: members.map(({ length }) => length),
  };
  return {
    archive,
    index: Buffer.concat([gzipSync(`${JSON.stringify(header)}\n`), gzipSync(lines)]),
  };
}
