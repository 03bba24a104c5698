import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** The programs of helper pods are in `pack/` and `unpack/` beside this file, in the bundle as well. */
export const PROGRAMS = new URL('./', import.meta.url);

/**
 * Reads a program of helper pods without its comments.
 * @param comment what a line of comment begins with
 */
export const program = (name: string, comment: string, directory = 'pack'): string =>
  readFileSync(new URL(`${directory}/${name}`, PROGRAMS), 'utf8')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith(comment))
    .join('\n');

/** Hashes what it passes on; see pack/hash.cjs. */
export const HASH = program('hash.cjs', '//');

/** Unpacks its first argument and runs it, with the others as its own. It is short, because it is not compressed. */
const LOADER = `t=$(printf %s "$1" | tr _- /+ | base64 -d | gzip -dc) || {
echo the helper image lacks base64, gzip or tr >&2
exit 127
}
shift
eval "$t"`;

/**
 * A long program in POSIX sh as a command. It travels compressed, because commands are a part of the exec request's URL,
 * and some proxies limit that to 8 KiB.
 * @param name shown in the pod's list of processes
 * @param variables texts that the program finds in variables of these names
 */
export const shellProgram = (
  name: string,
  text: string,
  variables: Readonly<Record<string, string>>,
  args: readonly string[]
): string[] => {
  const assignments = Object.entries(variables).map(
    ([variable, value]) => `${variable}='${value.replaceAll("'", `'\\''`)}'`
  );
  const packed = gzipSync([...assignments, text].join('\n'), { level: 9 }).toString('base64');
  // As in base64url: of the others, each would be three characters of the URL.
  const word = packed.replaceAll('+', '-').replaceAll('/', '_');
  return ['sh', '-c', LOADER, name, word, ...args];
};
