import { expect, it } from 'vitest';
import { StageError } from '../../errors.ts';
import { localError } from './localErrors.ts';

const attempt = { stage: 'copy', dir: '/backups', key: 'a.tar.gz' } as const;
const failed = (code: string) => Object.assign(new Error(`${code}: it failed, write`), { code });

it.each([
  ['ENOSPC', 'DestinationFull', 'needs-action'],
  ['EDQUOT', 'DestinationFull', 'needs-action'],
  ['EACCES', 'DestinationNotWritable', 'needs-action'],
  ['EROFS', 'DestinationNotWritable', 'needs-action'],
  ['ENOENT', 'DestinationMissing', 'needs-action'],
  ['ENOTDIR', 'DestinationMissing', 'needs-action'],
  ['EFBIG', 'ArchiveTooBig', 'needs-action'],
  ['EIO', 'DestinationFailed', 'unknown'],
  ['ESTALE', 'DestinationFailed', 'transient'],
  ['ETIMEDOUT', 'DestinationFailed', 'transient'],
  ['EMFILE', 'DestinationFailed', 'transient'],
])('takes %s for %s (%s), and names directory, archive and cause', (code, reason, failureClass) => {
  const cause = failed(code);
  const error = localError(cause, attempt);
  expect(error).toMatchObject({ stage: 'copy', reason, class: failureClass, cause });
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
