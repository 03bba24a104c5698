import { describe, expect, it } from 'vitest';
import type { Message } from './messages.ts';
import { messageOf } from './messages.ts';

const refused = (what: string, path: string) => ({ kind: 'refused', what, path });
const error = { kind: 'error' };
const nothing = { kind: 'nothing' };

describe('messageOf', () => {
  it.each<[string, object]>([
    [
      'tar: a/b: Cannot change ownership to uid 12, gid 13: Operation not permitted',
      refused('owner', 'a/b'),
    ],
    [
      '/usr/bin/tar: a: Cannot change ownership to uid 12, gid 13: Invalid argument',
      refused('owner', 'a'),
    ],
    ['tar: .: Cannot change mode to rwsr-xr-x: Operation not permitted', refused('mode', '')],
    ['tar: ./a/: Cannot utime: Permission denied', refused('time', 'a')],
    [
      'tar: new\\nline\\: \\\\ \\377: Cannot mknod: Operation not permitted',
      refused('device', 'new\nline: \\ \xff'),
    ],
    [
      "tar: setxattrat: Cannot set 'user.x' extended attribute for file './a': Operation not supported",
      refused('xattr', 'a'),
    ],
    [
      "tar: setxattrat: Cannot set 'user.x' extended attribute for file 'a': No space left on device",
      refused('xattr', 'a'),
    ],
    [
      "tar: setxattrat: Cannot set 'security.capability' extended attribute for file 'a': Operation not permitted",
      refused('capability', 'a'),
    ],
    [
      "tar: acl_set_file_at: Cannot set POSIX ACLs for file 'd': Operation not supported",
      refused('acl', 'd'),
    ],
    [
      "tar: acl_delete_def_file_at: Cannot drop default POSIX ACLs for file '.': Operation not supported",
      refused('acl', ''),
    ],
    ['tar: Exiting with failure status due to previous errors', nothing],
    ['', nothing],
    ['tar: a: Cannot change ownership to uid 12, gid 13: Input/output error', error],
    ['tar: a: Cannot change mode to rwsr-xr-x: Read-only file system', error],
    [
      "tar: setxattrat: Cannot set 'user.x' extended attribute for file 'a': Input/output error",
      error,
    ],
    ['tar: a: Cannot open: Operation not permitted', error],
    ['tar: a: Cannot write: No space left on device', error],
    ['tar: a: Wrote only 4608 of 10240 bytes', error],
    ['tar: Unexpected EOF in archive', error],
    ['sh: tar: not found', error],
  ])('%j', (line, expected) => expect(messageOf(line)).toEqual(expected as Message));
});
