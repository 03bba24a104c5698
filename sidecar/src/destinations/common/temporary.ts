import { createHash, randomUUID } from 'node:crypto';
import { basename } from 'node:path';

const PREFIX = '.tmp-nkvm-';
const UNIQUE = /^[0-9a-f-]{36}$/;

/** @returns a name that `*.tar.gz` never shows, and that says which installation may delete it. */
export const newTemporary = (installation: string): string =>
  `${PREFIX}${installation}-${randomUUID()}`;

/** @returns the name of the lock on a key: the same for every process of an installation, swept like a temporary. */
export const lockName = (installation: string, path: string): string =>
  `${PREFIX}${installation}-${createHash('sha256')
    .update(basename(path))
    .digest('hex')
    .slice(0, 36)}`;

/** Whose a file is: our own, of another installation, of one that wrote no id yet, or not a temporary of NKVM at all. */
export type TemporaryOf = 'us' | 'another' | 'unnamed' | 'none';

export function temporaryOf(name: string, installation: string): TemporaryOf {
  if (!name.startsWith(PREFIX)) return 'none';
  const rest = name.slice(PREFIX.length);
  if (UNIQUE.test(rest)) return 'unnamed';
  if (!UNIQUE.test(rest.slice(-36)) || rest.at(-37) !== '-') return 'none';
  return rest.slice(0, -37) === installation ? 'us' : 'another';
}

/**
 * The version before wrote no owner into the name. A run takes seven days at most (NKVM_RUN_TIMEOUT_SECONDS), so a file
 * that has not changed for longer than that belongs to no run of any installation.
 */
export const UNNAMED_AGE_MS = 8 * 24 * 3_600_000;
