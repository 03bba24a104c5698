import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { run } from '../../cluster/machine/run.ts';
import { startSidecar } from '../../support/sidecar.ts';
import type { World } from './world.ts';
import { worldOf } from './world.ts';

/** A world whose destination is a file system of its own. */
export interface SmallWorld extends World {
  /** Changes the options of the file system's mount, e.g. `size=64m`. */
  remount(options: string): void;
}

/**
 * Starts a sidecar whose destination is a tmpfs. Both end with the test.
 * @param options of its mount
 */
export async function worldOn(
  options: string,
  env: Record<string, string> = {}
): Promise<SmallWorld> {
  const mount = mkdtempSync(join(tmpdir(), 'nkvm-small-'));
  const backups = join(mount, 'backups');
  run('mount', ['-t', 'tmpfs', '-o', options, 'nkvm-small', mount]);
  onTestFinished(() => {
    run('umount', [mount]);
    rmSync(mount, { recursive: true });
  });
  mkdirSync(backups);
  const sidecar = await startSidecar({
    NKVM_MIN_FREE_SPACE: '0Mi', // or no run would start on a disk this small
    ...env,
    NKVM_BACKUP_DIR: backups,
  });
  onTestFinished(() => sidecar.remove());
  return {
    ...worldOf(sidecar),
    backups,
    remount: change => void run('mount', ['-o', `remount,${change}`, mount]),
  };
}
