import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import { CACHE } from './paths.ts';
import { identityOf } from './processes.ts';
import { say } from './run.ts';

/** Does `work` while no other process of this machine holds the lock of that name. */
export async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  const file = join(CACHE, `${name}.lock`);
  mkdirSync(CACHE, { recursive: true });
  if (!take(file)) {
    const holder = holderOf(file);
    if (holder !== undefined) say(`waiting for process ${holder}, which is at it already`);
    await until(`${file} is free`, () => take(file), 30 * 60_000);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @returns undefined when no process holds it any more. */
function holderOf(file: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10);
  } catch {
    return undefined;
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, identityOf(process.pid) ?? '', { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = readFileSync(file, 'utf8');
  if (identityOf(Number.parseInt(holder, 10)) !== holder) rmSync(file, { force: true }); // its process is gone
  return false;
}
