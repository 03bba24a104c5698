import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { z } from 'zod';
import { StageError } from '../../errors.ts';
import type { Kind, PlaceContext } from '../kind.ts';
import { withFloor } from '../withFloor.ts';
import { localDestination } from './local.ts';

const Settings = z.strictObject({
  path: z
    .string({ error: 'is missing' })
    .refine(path => isAbsolute(path) && !path.includes('\0'), { error: 'takes an absolute path' })
    .transform(path => normalize(path).replace(/(?<=.)\/+$/, '')),
});
type Settings = z.infer<typeof Settings>;

/**
 * A directory that is mounted into the pod of NKVM, besides the one of the settings: archives as plain files. It is never
 * made: an empty directory in place of a volume that is not mounted would take archives that nobody finds again.
 */
export const directory: Kind<Settings> = {
  kind: 'directory',
  settings: Settings,
  location: ({ path }) => path,
  isInsecure: () => false,
  open({ path }, { name, installation, ownDirs = [], floorBytes = 0 }) {
    refuseOwn(path, { name, ownDirs });
    const opened = localDestination(path, { installation, id: name, kind: 'directory' });
    return withFloor(opened, floorBytes);
  },
  probes: () => [],
};

/** One of the two would list, and delete, files of the other. */
function refuseOwn(path: string, { name, ownDirs = [] }: Pick<PlaceContext, 'name' | 'ownDirs'>) {
  const taken = ownDirs.find(own => overlap(real(path), real(own)));
  if (taken === undefined) return;
  throw new StageError(
    'copy',
    'DirectoryTaken',
    `destination ${name}: directory ${path} and ${taken}, which NKVM uses itself, are one, or one lies in the other`,
    'name a directory of its own for this destination',
    'needs-action'
  );
}

const overlap = (one: string, other: string): boolean =>
  `${one}${sep}`.startsWith(`${other}${sep}`) || `${other}${sep}`.startsWith(`${one}${sep}`);

/** @returns the path without symbolic links, as far as it exists. */
function real(path: string): string {
  if (path === '/') return '';
  return existsSync(path) ? realpathSync(path) : join(real(dirname(path)) || '/', basename(path));
}
