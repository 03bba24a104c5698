import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../support/isAlive.ts';

/** Containers may share a directory for temporary files: a process id says something on its own machine only. */
const PREFIX = `nkvm-demo-${hostname()}-`;

/**
 * Makes the directory that holds all files of one demo, and removes those of demos that were killed,
 * because the machine went down or all of their processes were killed.
 */
export function openDirectory(root = tmpdir()): string {
  for (const name of readdirSync(root)) {
    const owner = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : NaN;
    if (owner > 0 && !isAlive(owner)) rmSync(join(root, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(root, `${PREFIX}${process.pid}-`));
}
