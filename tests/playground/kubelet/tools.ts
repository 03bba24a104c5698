import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @returns where a program lies. */
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

const isGnuTar = (file: string): boolean =>
  /GNU tar/.test(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout ?? '');

/** @returns where GNU tar lies; on a Mac it is `gtar`. @throws Error of one line when there is none. */
export function findGnuTar(path = process.env.PATH ?? ''): string {
  const tar = ['tar', 'gtar']
    .map(program => find(program, path))
    .find(file => file !== undefined && isGnuTar(file));
  if (tar) return tar;
  throw new Error(
    'GNU tar is not installed: neither tar nor gtar is one; install it (on a Mac: brew install gnu-tar)'
  );
}

/**
 * Makes a directory with what an image is expected to hold and a machine may lack or call otherwise: GNU `tar`, `node` (the one that runs this), `sha256sum`.
 * @returns PATH for containers. @throws Error of one line when there is no GNU tar.
 */
export function containerPath(directory: string, path = process.env.PATH ?? ''): string {
  const tar = findGnuTar(path);
  mkdirSync(directory, { recursive: true });
  symlinkSync(tar, join(directory, 'tar'));
  symlinkSync(process.execPath, join(directory, 'node'));
  if (!find('sha256sum', path)) {
    const script = '#!/bin/sh\nexec shasum -a 256 "$@"\n';
    writeFileSync(join(directory, 'sha256sum'), script, { mode: 0o755 });
  }
  return `${directory}${delimiter}${path}`;
}
