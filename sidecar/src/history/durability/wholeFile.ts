import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../files.ts';

/** Names of who was backed up when are for the service alone. */
export const MODE = 0o600;

/** The system calls that a test replaces to show what a bad disk does. */
export type FileCalls = Pick<typeof fs, 'open' | 'rename'>;

/** A file that an interrupted write can leave; nothing reads it. */
export const temporaryOf = (path: string): string => `${path}.tmp`;

/**
 * Puts `bytes` at `path` in one step: who opens it, even after a crash in between, finds all of the old or all of the
 * new. They are on disk when the promise resolves. There must be one writer at a time.
 * @throws what the failed system call threw; the old file is as it was, unless only the last sync failed
 */
export async function replaceFile(
  path: string,
  bytes: Uint8Array,
  files: FileCalls = fs
): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    const file = await files.open(temporary, 'w', MODE);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(temporary, path);
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Gives the memory of bytes back at once: they lie outside of the heap, and its collector comes late. */
export function letGo(bytes: Uint8Array): void {
  const buffer = bytes.buffer as ArrayBuffer & { transfer(length: number): ArrayBuffer };
  // A small Buffer shares its memory with others.
  if (bytes.byteLength > 0 && bytes.byteLength === buffer.byteLength) buffer.transfer(0);
}
