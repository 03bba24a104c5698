import { LOCK_AGE_MS } from '../common/nameLock.ts';

/**
 * The commands that scp runs on a server, for any POSIX shell with GNU, busybox or BSD tools. `$1` is the directory, `$2` the name of a
 * file in it. A script that has done its work says `nkvm:` and a result; nothing else proves that it ran to its end. None has
 * `'` or `!` in it: some login shells would change them.
 */

/** Exit codes of the scripts; any other belongs to the program that failed, whose message is on stderr. */
export const EXIT = {
  noDirectory: 40,
  taken: 41,
  gone: 42,
  missing: 43,
  noSum: 44,
  locked: 45,
} as const;

const BEGIN = `LC_ALL=C; export LC_ALL; umask 077; [ -d "$1" ] || exit ${EXIT.noDirectory}; cd "$1" || exit`;
/** Writes files to the disk; older tools can only write everything. */
const SYNC = `sy() { sync "$@" 2>/dev/null || sync; }`;
const SIZE = `sz() { stat -c %s "$1" 2>/dev/null || stat -f %z "$1" 2>/dev/null || wc -c <"$1"; }`;

/** Says when a file was written, in seconds. */
const MODIFIED = `mt() { stat -c %Y "$1" 2>/dev/null || stat -f %m "$1"; }`;

const script = (...lines: string[]) => [BEGIN, ...lines].join('; ');

/** Takes stdin to its end under a new name. Says its size. */
export const WRITE = script(
  SYNC,
  SIZE,
  'set -C',
  'cat >"./$2" || exit',
  'sy "./$2"',
  'echo "nkvm:$(sz "./$2")"'
);

/**
 * Gives `$2` the name `$3`, never over a file. `ln` fails where there is one; without hard links the lock `$4` holds the name
 * between the look and the rename. One that was left behind is deleted when it is older than the file by `LOCK_AGE_MS`.
 */
export const PUBLISH = script(
  SYNC,
  MODIFIED,
  `[ -e "./$3" ] && exit ${EXIT.taken}`,
  `[ -e "./$2" ] || exit ${EXIT.gone}`,
  `if ln "./$2" "./$3" 2>/dev/null; then rm -f "./$2"`,
  `elif [ -e "./$3" ]; then exit ${EXIT.taken}`,
  'else if [ -e "./$4" ]; then a=$(($(mt "./$2") - $(mt "./$4")))',
  `[ "$a" -gt ${LOCK_AGE_MS / 1000} ] || exit ${EXIT.locked}; rm -f "./$4"; fi`,
  `(set -C; : >"./$4") || exit`,
  `if [ -e "./$3" ]; then rm -f "./$4"; exit ${EXIT.taken}; fi`,
  `mv "./$2" "./$3"; r=$?; rm -f "./$4"; [ "$r" = 0 ] || exit "$r"; fi`,
  'sy "./$3" .',
  'echo nkvm:ok'
);

/** Says size, time of the contents and time of the name, in seconds. */
export const STAT = script(
  `[ -e "./$2" ] || exit ${EXIT.missing}`,
  's=$(stat -c "%s %Y %Z" "./$2" 2>/dev/null || stat -f "%z %m %c" "./$2") || exit',
  'echo "nkvm:$s"'
);

/** Says the size, then gives the bytes: `$4` of them from byte `$3` (the first is 1), or with `all` the whole file. */
export const READ = script(
  SIZE,
  `[ -f "./$2" ] || exit ${EXIT.missing}`,
  's=$(sz "./$2") || exit',
  'echo "nkvm:$s"',
  'if [ "$3" = all ]; then cat "./$2"; else tail -c "+$3" "./$2" | head -c "$4"; fi'
);

/** Says the SHA-256. openssl comes first, because it is the fastest. */
export const SUM_OF = script(
  `[ -f "./$2" ] || exit ${EXIT.missing}`,
  'has() { command -v "$1" >/dev/null 2>&1; }',
  'if has openssl && s=$(openssl dgst -sha256 -r <"./$2" 2>/dev/null); then :',
  'elif has sha256sum; then s=$(sha256sum <"./$2")',
  'elif has shasum; then s=$(shasum -a 256 <"./$2")',
  'elif has sha256; then s=$(sha256 -q <"./$2")',
  `else exit ${EXIT.noSum}; fi`,
  'echo "nkvm:$s"'
);

/** A line for each file: size, times, name. */
export const LIST = script(
  `if find /dev/null -printf "" >/dev/null 2>&1; then find . -maxdepth 1 -ignore_readdir_race -type f -printf "%s %T@ %C@ ./%f\\n"`,
  'elif stat -c %s / >/dev/null 2>&1; then find . -maxdepth 1 -type f -exec stat -c "%s %Y %Z %n" {} +',
  'else find . -maxdepth 1 -type f -exec stat -f "%z %m %c %N" {} +; fi || exit',
  'echo nkvm:ok'
);

/** Deletes `$2`, `$3`, …; one that is not there is no error. */
export const REMOVE = script(
  SYNC,
  'shift',
  'for f in "$@"; do rm -f "./$f" || exit; done',
  'sy .',
  'echo nkvm:ok'
);

/** Says free space in KiB, as the last line of `df` has it. */
export const FREE = script('s=$(df -Pk . | tail -n 1) || exit', 'echo "nkvm:$s"');
