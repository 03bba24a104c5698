import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { stampOf } from '../durability/setAside.ts';
import type { FileCalls } from '../durability/wholeFile.ts';
import { replaceFile } from '../durability/wholeFile.ts';

/** How many copies are kept. */
export const COPIES = 3;

/** @returns paths of the copies that lie beside a history file, newest first. */
export async function copiesOf(path: string): Promise<string[]> {
  const [dir, start] = [dirname(path), `${basename(path)}.copy-`];
  return (await fs.readdir(dir))
    .filter(name => name.startsWith(start) && /^\d{8}T\d{6}Z$/.test(name.slice(start.length)))
    .sort()
    .reverse()
    .map(name => join(dir, name));
}

/** @returns whether none of the copies is of this day (UTC). */
export function isCopyDue(copies: readonly string[], now: Date): boolean {
  const day = `.copy-${stampOf(now).slice(0, 8)}`;
  return !copies.some(copy => copy.includes(day));
}

/** @returns the copies that are one too many beside the one that was just made; never that one itself. */
export const needlessCopies = (newestFirst: readonly string[], made: string): string[] =>
  newestFirst.filter(copy => copy !== made).slice(COPIES - 1);

/**
 * Keeps a copy of a history beside it, named by the time. Older ones go only when it is on disk.
 * @throws what the failed system call threw
 */
export async function keepCopy(
  path: string,
  bytes: Uint8Array,
  now: Date,
  files: FileCalls
): Promise<void> {
  const made = `${path}.copy-${stampOf(now)}`;
  await replaceFile(made, bytes, files);
  for (const copy of needlessCopies(await copiesOf(path), made)) {
    await fs.rm(copy, { force: true });
  }
}
