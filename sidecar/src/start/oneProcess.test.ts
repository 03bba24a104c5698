import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdDatabase } from './oneProcess.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nkvm-one-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Another process that holds the database until it is killed. */
async function startHolder(path: string) {
  const program = `import { holdDatabase } from ${JSON.stringify(
    join(import.meta.dirname, 'oneProcess.ts')
  )}; await holdDatabase(${JSON.stringify(
    path
  )}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe.runIf(process.platform === 'linux')('a history', () => {
  it('is held by one process, and free again when that one is killed', async () => {
    const path = join(directory, 'history.db');
    const holder = await startHolder(path);
    try {
      await expect(holdDatabase(path)).rejects.toThrow(
        /another NKVM process .* NKVM_METADATA_DB_PATH/
      );
      await (await holdDatabase(join(directory, 'other.db'))).release();
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    await (await holdDatabase(path)).release();
  });

  it('is the same one behind a symlink', async () => {
    const held = await holdDatabase(join(directory, 'history.db'));
    await symlink(directory, `${directory}-link`);
    try {
      await expect(holdDatabase(join(`${directory}-link`, 'history.db'))).rejects.toThrow(
        'another'
      );
    } finally {
      await rm(`${directory}-link`);
      await held.release();
    }
  });
});
