import { describe, expect, it } from 'vitest';
import { resultOf, scpError } from './scpErrors.ts';
import { EXIT } from './scpScripts.ts';
import * as scripts from './scpScripts.ts';

const failed = {
  stage: 'copy',
  place: 'scp://nkvm@nas:22/backups',
  directory: '/backups',
  key: 'a.tar.gz',
  path: '/backups/a.tar.gz',
} as const;

describe('a command that fails', () => {
  it.each<[string, number | null, string, string]>([
    ['DirectoryMissing', EXIT.noDirectory, '', '/backups'],
    ['NameTaken', EXIT.taken, '', '/backups/a.tar.gz'],
    ['NameLocked', EXIT.locked, '', '/backups/a.tar.gz'],
    ['TemporaryGone', EXIT.gone, '', '/backups/a.tar.gz'],
    ['ArchiveMissing', EXIT.missing, '', '/backups/a.tar.gz'],
    ['DestinationFull', 1, 'cat: write error: No space left on device\n', 'a.tar.gz'],
    ['DestinationFull', 1, 'cat: write error: Disk quota exceeded\n', 'is full'],
    ['DestinationReadOnly', 2, 'sh: 1: cannot create ./x: Permission denied\n', 'a.tar.gz'],
    ['DestinationReadOnly', 1, "rm: cannot remove 'x': Read-only file system\n", 'refuses access'],
    ['WriteRefused', 1, 'cat: write error: File too large\n', 'a.tar.gz'],
    ['ShellMissing', 0, '', 'runs no commands'],
    ['ShellMissing', 127, 'sh: command not found\n', 'runs no commands'],
    ['DestinationFailed', 1, 'cat: write error: Input/output error\n', 'Input/output error'],
    ['DestinationFailed', null, '', 'exit code null'],
  ])('is %s for exit code %s %j', (reason, code, stderr, message) =>
    expect(scpError({ code, stdout: '', stderr }, failed)).toMatchObject({
      reason,
      message: expect.stringContaining(message),
    })
  );
});

it.each<[string, number | null, string | undefined]>([
  ['nkvm:123\n', 0, '123'],
  ['welcome\nnkvm:ok\n', 0, 'ok'],
  ['nkvm:12', 0, undefined],
  ['nkvm:123\n', 1, undefined],
  ['nkvm:123\n', null, undefined],
  ['', 0, undefined],
])('of %j with exit code %s the result is %s', (stdout, code, result) =>
  expect(resultOf({ code, stdout, stderr: '' })).toBe(result)
);

it('has scripts that every login shell passes on as they are', () => {
  const all = Object.values(scripts).filter(one => typeof one === 'string');
  expect(all).toHaveLength(8);
  for (const one of all) expect(one).not.toMatch(/['!\n]/);
});
