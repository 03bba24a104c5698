import { describe, expect, it } from 'vitest';
import { StageError } from '../../errors.ts';
import type { Refused } from './sftpErrors.ts';
import { sftpError, STATUS } from './sftpErrors.ts';

const MiB = 1024 * 1024;
const answer = (code: number) => Object.assign(new Error('Failure'), { code });
const room = { freeBytes: 500 * MiB, freeFiles: 1000, isReadOnly: false };
const refused: Refused = {
  stage: 'copy',
  place: 'sftp://nkvm@nas:22/backups',
  directory: '/backups',
  key: 'a.tar.gz',
  isDirectoryThere: true,
};

describe('a refusal by a server of SFTP', () => {
  it.each<[string, number, Partial<Refused>, string, string]>([
    ['DirectoryMissing', STATUS.noFile, { isDirectoryThere: false }, 'needs-action', '/backups'],
    ['DestinationReadOnly', STATUS.denied, {}, 'needs-action', 'a.tar.gz'],
    [
      'DestinationReadOnly',
      STATUS.failure,
      { files: { ...room, isReadOnly: true } },
      'needs-action',
      'refuses access',
    ],
    [
      'DestinationFull',
      STATUS.failure,
      { files: { ...room, freeBytes: 4096 }, storedBytes: 9 * MiB },
      'needs-action',
      '4.0 KiB',
    ],
    [
      'DestinationFull',
      STATUS.failure,
      { files: { ...room, freeFiles: 0 } },
      'needs-action',
      'a.tar.gz',
    ],
    [
      'WriteRefused',
      STATUS.failure,
      { files: room, storedBytes: 9 * MiB },
      'unknown',
      'only 9.0 MiB of a.tar.gz, although 500 MiB are free',
    ],
    [
      'WriteRefused',
      STATUS.failure,
      { storedBytes: 9 * MiB },
      'unknown',
      'only 9.0 MiB of a.tar.gz, and gives no reason',
    ],
    ['DestinationFailed', STATUS.failure, { files: room }, 'unknown', 'it was about a.tar.gz'],
    ['DestinationFailed', 5, {}, 'unknown', 'does not work: Failure'],
  ])('is %s for status %i', (reason, status, facts, failureClass, message) =>
    expect(sftpError(answer(status), { ...refused, ...facts })).toMatchObject({
      stage: 'copy',
      reason,
      class: failureClass,
      message: expect.stringContaining(message),
    })
  );

  it('leaves an error that has words already', () => {
    const error = new StageError('copy', 'NameTaken', 'taken', 'hint', 'needs-action');
    expect(sftpError(error, refused)).toBe(error);
  });
});
