import { expect, it } from 'vitest';
import { rsyncError } from './rsyncErrors.ts';
import { RsyncKeys } from './settings.ts';

const settings = RsyncKeys.parse({
  ...{ host: 'nas', module: 'backups', username: 'nkvm', password: 'secret' },
});

it.each<[number | undefined, string, string, string]>([
  [5, '@ERROR: auth failed on module backups', 'LoginRefused', 'needs-action'],
  [255, 'nkvm@nas: Permission denied (publickey).', 'LoginRefused', 'needs-action'],
  [5, "@ERROR: Unknown module 'x'", 'DirectoryMissing', 'needs-action'],
  [
    23,
    'rsync: [sender] change_dir "/x" (in backups) failed: No such file or directory (2)',
    'DirectoryMissing',
    'needs-action',
  ],
  [255, 'Host key verification failed.', 'HostKeyUnknown', 'needs-action'],
  [
    255,
    '@@@\nWARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.',
    'HostKeyChanged',
    'needs-action',
  ],
  [11, 'write failed on "a": No space left on device (28)', 'DestinationFull', 'needs-action'],
  [1, 'ERROR: module is read only', 'DestinationReadOnly', 'needs-action'],
  [23, 'mkdir "a" failed: Permission denied (13)', 'DestinationReadOnly', 'needs-action'],
  [
    4,
    'The server is configured to refuse --delete: refused by the server',
    'DestinationReadOnly',
    'needs-action',
  ],
  [127, 'bash: line 1: rsync: command not found', 'DestinationFailed', 'needs-action'],
  [10, 'failed to connect to nas: Connection refused (111)', 'ConnectionRefused', 'transient'],
  [35, 'timeout waiting for daemon connection', 'ConnectionTimedOut', 'transient'],
  [30, 'io timeout after 60 seconds', 'DestinationStalled', 'transient'],
  [12, 'connection unexpectedly closed (0 bytes received so far)', 'ConnectionBroke', 'transient'],
  [5, 'rsync: did not see server greeting', 'ConnectionBroke', 'transient'],
  [23, 'something', 'DestinationFailed', 'unknown'],
  [24, 'vanished', 'DestinationFailed', 'transient'],
  [undefined, 'spawn rsync ENOENT', 'DestinationFailed', 'unknown'],
])('%s: %s', (code, said, reason, failureClass) => {
  const error = rsyncError({ code, said }, { stage: 'copy', settings, key: 'a.tar.gz' });
  expect(error).toMatchObject({ stage: 'copy', reason, class: failureClass });
  expect(error.message).toContain('rsync://nkvm@nas:873/backups');
});
