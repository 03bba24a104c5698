import { FTPError } from 'basic-ftp';
import { expect, it } from 'vitest';
import { StageError } from '../../errors.ts';
import type { Doing } from './ftpErrors.ts';
import { ftpError } from './ftpErrors.ts';
import { FtpKeys } from './settings.ts';

const settings = FtpKeys.parse({
  ...{ host: 'nas', username: 'nkvm', password: 'pass-word', directory: '/backups' },
});
const meaning = (error: unknown, doing: Doing) =>
  ftpError(error, { stage: 'copy', settings, doing, key: 'a.tar.gz' });
const answer = (message: string) => new FTPError({ code: Number(message.slice(0, 3)), message });

it.each<[string, string, Doing, string, string]>([
  ['a wrong password', '530 Login incorrect.', 'login', 'LoginRefused', 'needs-action'],
  ['TLS is demanded', '530 must use encryption.', 'login', 'LoginRefused', 'needs-action'],
  [
    'no such directory',
    '550 Failed to change directory.',
    'enter',
    'DirectoryMissing',
    'needs-action',
  ],
  ['may not write', '550 Permission denied.', 'change', 'DestinationReadOnly', 'needs-action'],
  ['may not create', '553 Could not create file.', 'change', 'DestinationReadOnly', 'needs-action'],
  ['a full disk', '452 No space', 'change', 'DestinationFull', 'needs-action'],
  ['a quota', '552 Transfer aborted. Quota exceeded', 'change', 'DestinationFull', 'needs-action'],
  [
    'a full disk (vsftpd)',
    '451 Failure writing to local file.',
    'change',
    'DestinationFull',
    'needs-action',
  ],
  ['too many connections', '421 Too many users', 'login', 'DestinationFailed', 'transient'],
  ['a data connection', '425 Cannot open data connection', 'read', 'ConnectionBroke', 'transient'],
  ['no session reuse', '522 SSL connection failed', 'read', 'TlsFailed', 'needs-action'],
  ['no TLS at all', '500 Unknown command.', 'tls', 'TlsFailed', 'needs-action'],
  ['something passing', '450 Busy', 'read', 'DestinationFailed', 'transient'],
  ['anything else', '550 Cannot do that', 'read', 'DestinationFailed', 'unknown'],
])('%s', (_, message, doing, reason, failureClass) => {
  const error = meaning(answer(message), doing);
  expect(error).toMatchObject({ stage: 'copy', reason, class: failureClass });
  expect(error.message).toContain('ftp://nkvm@nas:21//backups');
  expect(error.message).toContain(message.slice(0, 9));
});

it.each([
  ['Timeout (control socket)', 'ConnectionTimedOut'],
  ['Server sent FIN packet unexpectedly, closing connection.', 'ConnectionBroke'],
  ['Server closed connection unexpectedly.', 'ConnectionBroke'],
])('%s', (message, reason) => {
  expect(meaning(new Error(message), 'read')).toMatchObject({ reason, class: 'transient' });
});

it('leaves an error that has words already as it is', () => {
  const verdict = new StageError('exec', 'HelperGone', 'gone', 'again', 'transient');
  expect(meaning(verdict, 'change')).toBe(verdict);
});

it('never repeats a password that the server repeats, nor its control characters', () => {
  const { message } = meaning(answer('530 nkvm:pass-word\u001b[2J is wrong'), 'login');
  expect(message).not.toContain('pass-word');
  expect(message).not.toMatch(/\p{Cc}/u);
});
