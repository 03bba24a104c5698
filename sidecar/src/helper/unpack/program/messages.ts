import { SAID } from './records.ts';

/** The meaning of a line of tar. */
export type Message =
  | { kind: 'nothing' }
  /** tar could not set this of an entry, because file system or kernel do not allow it. */
  | { kind: 'refused'; what: keyof typeof SAID; path: string }
  | { kind: 'error' };

/** Errors that say "not here" and not "broken". */
const NOT_ALLOWED =
  /: (Operation not permitted|Operation not supported|Permission denied|Invalid argument|Function not implemented|Value too large for defined data type|Numerical result out of range)$/;
/** An attribute that is too big for a file system is refused as if the disk were full. */
const NO_ROOM = /: (No space left on device|Argument list too long)$/;

const FORMS: readonly [keyof typeof SAID, RegExp][] = [
  ['owner', /^tar: (.*): Cannot change ownership to uid \d+, gid \d+: /s],
  ['mode', /^tar: (.*): Cannot change mode to [-rwxstST]{9}: /s],
  ['time', /^tar: (.*): Cannot (?:utime|change time): /s],
  ['device', /^tar: (.*): Cannot mknod: /s],
];
const ACL = /^tar: acl_\w+: Cannot (?:set|drop default) POSIX ACLs for file '(.*)': [^:]*$/s;
const XATTR = /^tar: (?:\S+: )?Cannot set '([^']*)' extended attribute for file '(.*)': [^:]*$/s;

/** @param said a line of tar's standard error, in the C locale and with quoting style `escape` */
export function messageOf(said: string): Message {
  const line = said.replace(/^\S*tar: /, 'tar: '); // whatever it was called
  if (
    line === '' ||
    /^tar: (Exiting with failure status due to previous errors|Error is not recoverable: exiting now)$/.test(
      line
    )
  ) {
    return { kind: 'nothing' };
  }
  const [, xattr, file] = XATTR.exec(line) ?? [];
  if (xattr !== undefined && file !== undefined) {
    if (!NOT_ALLOWED.test(line) && !NO_ROOM.test(line)) return { kind: 'error' };
    return { kind: 'refused', what: kindOfXattr(xattr), path: pathOf(file) };
  }
  const [, withAcl] = ACL.exec(line) ?? [];
  if (withAcl !== undefined && (NOT_ALLOWED.test(line) || NO_ROOM.test(line))) {
    return { kind: 'refused', what: 'acl', path: pathOf(withAcl) };
  }
  if (!NOT_ALLOWED.test(line)) return { kind: 'error' };
  for (const [what, form] of FORMS) {
    const [, path] = form.exec(line) ?? [];
    if (path !== undefined) return { kind: 'refused', what, path: pathOf(unescaped(path)) };
  }
  return { kind: 'error' };
}

const kindOfXattr = (name: string): keyof typeof SAID =>
  name === 'security.capability'
    ? 'capability'
    : name === 'security.selinux'
    ? 'selinux'
    : name.startsWith('system.posix_acl_')
    ? 'acl'
    : 'xattr';

const LETTERS: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** @returns the bytes of a name that tar has escaped. */
const unescaped = (name: string): string =>
  name.replace(/\\([0-7]{3}|.)/gs, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : LETTERS[code] ?? code
  );

const pathOf = (name: string): string => name.replace(/^(\.\/)+|^\.$/, '').replace(/\/+$/, '');
