import { existsSync, realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { z } from 'zod';
import { StageError } from '../../errors.ts';
import { codeOf } from '../../files.ts';
import type { Destination } from '../destination.ts';
import type { Kind } from '../kind.ts';
import { withFloor } from '../wrap/withFloor.ts';
import { localDestination } from './local.ts';
import { localError } from './localErrors.ts';

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
    const refuse = (taken: string | undefined) => {
      if (taken !== undefined) throw directoryTaken(name, path, taken);
    };
    refuse(ownDirs.find(own => overlap(real(path), real(own))));
    const opened = localDestination(path, { installation, id: name, kind: 'directory' });
    // The directory can become a symbolic link later, by a person or program that writes to the storage.
    const checked = checkedBefore(opened, async () => {
      const there = await realNow(path);
      for (const own of ownDirs) if (overlap(there, await realNow(own))) refuse(own);
    });
    return withFloor(checked, floorBytes);
  },
  probes: () => [],
};

/** @returns the destination, where `check` comes before each call that reads or changes something. */
function checkedBefore(to: Destination, check: () => Promise<void>): Destination {
  const checked =
    <Words extends unknown[], T>(call: (...words: Words) => Promise<T>) =>
    async (...words: Words): Promise<T> => {
      await check();
      return await call(...words);
    };
  return {
    ...to,
    async stage(key, body, call) {
      await check().catch(error => {
        body.destroy();
        throw error;
      });
      const staged = await to.stage(key, body, call);
      return { ...staged, publish: checked(staged.publish) };
    },
    put: checked(to.put),
    stat: checked(to.stat),
    open: checked(to.open),
    async *list(listing) {
      await check();
      yield* to.list(listing);
    },
    remove: checked(to.remove),
    sweep: checked(to.sweep),
  };
}

/** One of the two would list, and delete, files of the other. */
const directoryTaken = (name: string, path: string, taken: string): StageError =>
  new StageError(
    'copy',
    'DirectoryTaken',
    `destination ${name}: directory ${path} overlaps ${taken}, which NKVM uses itself`,
    'set `path` of this destination to a separate directory',
    'needs-action'
  );

const overlap = (one: string, other: string): boolean =>
  `${one}${sep}`.startsWith(`${other}${sep}`) || `${other}${sep}`.startsWith(`${one}${sep}`);

/** @returns the path without symbolic links, as far as it exists. */
function real(path: string): string {
  if (path === '/') return '';
  return existsSync(path) ? realpathSync(path) : join(real(dirname(path)) || '/', basename(path));
}

/** The same, without keeping others waiting for a storage that hangs. */
async function realNow(path: string): Promise<string> {
  if (path === '/') return '';
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw localError(error, { stage: 'copy', dir: path, key: '' });
    return join((await realNow(dirname(path))) || '/', basename(path));
  }
}
