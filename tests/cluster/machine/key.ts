import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** @returns a short hash of the files' names and contents; a directory is taken with all that is in it. */
export function keyOf(...paths: string[]): string {
  const hash = createHash('sha256');
  const add = (path: string, name: string): void => {
    if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path).sort()) add(join(path, entry), `${name}/${entry}`);
    } else {
      hash.update(`${name}\0`).update(readFileSync(path)).update('\0');
    }
  };
  for (const path of paths) add(path, basename(path));
  return hash.digest('hex').slice(0, 16);
}

/** What was made of which inputs: a file beside the results, written when all of them are there. */
export const isMadeOf = (file: string, key: string): boolean =>
  existsSync(file) && readFileSync(file, 'utf8').trim() === key;

export const recordMadeOf = (file: string, key: string): void => writeFileSync(file, `${key}\n`);
