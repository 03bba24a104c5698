import { join } from 'node:path';
import { CACHE } from './paths.ts';
import { run, runAloud, succeeds } from './run.ts';

/**
 * A separate image store. With `vfs` and `chroot` it needs nothing special of the kernel, so it works in containers, too.
 */
const STORE = [
  '--storage-driver',
  'vfs',
  '--root',
  join(CACHE, 'images/root'),
  '--runroot',
  join(CACHE, 'images/run'),
];
const IN_CHROOT = { ...process.env, BUILDAH_ISOLATION: 'chroot' };

/** @returns what `buildah ARGS` wrote to stdout. @throws as `run` does. */
export const buildah = (args: readonly string[]): string =>
  run('buildah', [...STORE, ...args], { env: IN_CHROOT });

/** As `buildah`, with its output on stderr. */
export const buildahAloud = (args: readonly string[]): Promise<void> =>
  runAloud('buildah', [...STORE, ...args], { env: IN_CHROOT });

export const hasImage = (name: string): boolean =>
  succeeds('buildah', [...STORE, 'inspect', '--type', 'image', name]);
