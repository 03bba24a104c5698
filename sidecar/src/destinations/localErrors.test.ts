import { expect, it } from 'vitest';
import { StageError } from '../errors.ts';
import { localError } from './localErrors.ts';

const attempt = { stage: 'copy', dir: '/backups', key: 'a.tar.gz' } as const;
const failed = (code: string) => Object.assign(new Error(`${code}: it failed, write`), { code });

it.each([
  ['ENOSPC', 'DestinationFull'],
  ['EDQUOT', 'DestinationFull'],
  ['EACCES', 'DestinationNotWritable'],
  ['EROFS', 'DestinationNotWritable'],
  ['ENOENT', 'DestinationMissing'],
  ['ENOTDIR', 'DestinationMissing'],
  ['EFBIG', 'ArchiveTooBig'],
  ['EIO', 'DestinationFailed'],
])('takes %s for %s, and names directory, archive and cause', (code, reason) => {
  const cause = failed(code);
  const error = localError(cause, attempt);
  expect(error).toMatchObject({ stage: 'copy', reason, cause });
  expect(error.message).toMatch(/^backup directory \/backups .*a\.tar\.gz/);
  expect(error.hint).not.toBe('');
});

it.each([
  [3 * 2 ** 30, 'a.tar.gz needs more than the 3.0 GiB that is free'],
  [undefined, 'a.tar.gz needs more than the space that is free'],
])('says how much room a full directory has: %s', (freeBytes, words) => {
  expect(localError(failed('ENOSPC'), { ...attempt, freeBytes }).message).toContain(words);
});

it('keeps a verdict that was found before', () => {
  const verdict = new StageError(
    'publish',
    'NameTaken',
    'name is taken',
    'start again',
    'needs-action'
  );
  expect(localError(verdict, attempt)).toBe(verdict);
});
