import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @returns the path of a program. */
function find(program: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .map(directory => join(directory, program))
    .find(file => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const isGnu = (file: string): boolean =>
  /GNU (tar|coreutils)/.test(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout ?? '');

/** GNU programs that a helper needs, and the package that has them on a Mac. */
const GNU = { tar: 'gnu-tar', split: 'coreutils' } as const;

/**
 * @returns the path of a GNU program; on a Mac its name begins with `g`. @throws Error of one line when there is none.
 */
export function findGnu(program: keyof typeof GNU, path = process.env.PATH ?? ''): string {
  const found = [program, `g${program}`]
    .map(name => find(name, path))
    .find(file => file !== undefined && isGnu(file));
  if (found) return found;
  throw new Error(
    `GNU ${program} is not installed: neither ${program} nor g${program} is one; install it (on a Mac: brew install ${GNU[program]})`
  );
}

/**
 * Makes a directory with what an image is expected to hold and a machine may lack or call otherwise: GNU `tar` and `split`, `node` (the one that runs this), `sha256sum`.
 * @returns PATH for containers. @throws Error of one line when there is no GNU tar or split.
 */
export function containerPath(directory: string, path = process.env.PATH ?? ''): string {
  const tar = findGnu('tar', path);
  const split = findGnu('split', path);
  mkdirSync(directory, { recursive: true });
  symlinkSync(tar, join(directory, 'tar'));
  symlinkSync(split, join(directory, 'split'));
  symlinkSync(process.execPath, join(directory, 'node'));
  if (!find('sha256sum', path)) {
    const script = '#!/bin/sh\nexec shasum -a 256 "$@"\n';
    writeFileSync(join(directory, 'sha256sum'), script, { mode: 0o755 });
  }
  return `${directory}${delimiter}${path}`;
}
