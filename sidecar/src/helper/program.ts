import { readFileSync } from 'node:fs';

/**
 * Reads a program of helper pods, from a directory beside this file (in the bundle: beside it, too), without its comments.
 * Commands travel in the URL of the exec request, and some proxies limit it to 8 KiB.
 * @param comment what a line of comment begins with
 */
export const program = (name: string, comment: string, directory = 'pack'): string =>
  readFileSync(new URL(`./${directory}/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith(comment))
    .join('\n');

/** Hashes what it passes on; see pack/hash.cjs. */
export const HASH = program('hash.cjs', '//');
