import { open } from 'node:fs/promises';

/** @returns the errno name of a failed system call, e.g. `ENOSPC`; `undefined` for any other error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/**
 * Makes the names in a directory durable: a rename, link or unlink may be forgotten after a crash until then.
 * Where a file system cannot do it (some network and FUSE ones answer EINVAL or ENOTSUP), it has its own order.
 */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}
