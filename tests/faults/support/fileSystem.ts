import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { run } from '../../cluster/machine/run.ts';
import type { Transport } from './transports.ts';
import { bucketGround, groundFor } from './transports.ts';
import type { World } from './world.ts';
import { worldOn } from './world.ts';

/** A world whose destination is a file system of its own. */
export interface SmallWorld extends World {
  /** Changes the options of the file system's mount, e.g. `size=64m`. */
  remount(options: string): void;
}

/**
 * Starts a sidecar whose destination is in a tmpfs: a directory, or the bucket of a server. All of it ends with the test.
 * @param options of its mount
 */
export async function smallWorld(
  options: string,
  transport: Transport,
  env: Record<string, string> = {}
): Promise<SmallWorld> {
  const mount = mkdtempSync(join(tmpdir(), 'nkvm-small-'));
  const files = join(mount, 'backups');
  run('mount', ['-t', 'tmpfs', '-o', options, 'nkvm-small', mount]);
  onTestFinished(() => {
    run('umount', [mount]);
    rmSync(mount, { recursive: true });
  });
  mkdirSync(files);
  const ground =
    transport === 'direct'
      ? await bucketGround({ files })
      : { ...(await groundFor(transport)), backups: files };
  const world = await worldOn(ground, {
    NKVM_MIN_FREE_SPACE: '0Mi', // or no run would start on a disk this small
    ...env,
    ...(transport !== 'direct' && { NKVM_BACKUP_DIR: files }),
  });
  return { ...world, remount: change => void run('mount', ['-o', `remount,${change}`, mount]) };
}
