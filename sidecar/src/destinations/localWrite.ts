import { createHash, randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { codeOf, syncDirectory } from '../files.ts';
import { localError } from './localErrors.ts';
import { nameTaken, streamBroke, temporaryGone } from './refusals.ts';

const TEMPORARY_PREFIX = '.tmp-nkvm-';

/** @returns a name that `*.tar.gz` never shows. */
export const newTemporary = (): string => TEMPORARY_PREFIX + randomUUID();

/** Plainly ours, so that a sweep takes nothing else. */
export const isTemporary = (name: string): boolean => /^\.tmp-nkvm-[0-9a-f-]{36}$/.test(name);

/** Nobody but the service's user reads archives. */
const MODE = 0o600;

/** How much may wait for the disk. Bigger writes are fewer system calls. */
const BUFFER_BYTES = 1024 * 1024;

/** Answers of `link` on file systems that have no hard links (SMB, some FUSE ones). */
const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** The system calls that a test replaces to show what some file systems do. */
export type LocalFiles = Pick<typeof fs, 'open' | 'link'>;

/** One file on its way into a backup directory. */
export interface Passage {
  dir: string;
  /** Its name until it is published. */
  temporary: string;
  key: string;
  files: LocalFiles;
}

/**
 * Takes `body` to its end in a new temporary file, which is on disk when the promise resolves.
 * @returns its size in bytes
 * @throws StageError (stage `copy`); no file is left
 */
export async function writeTemporary(
  { dir, temporary, key, files }: Passage,
  body: Readable,
  signal?: AbortSignal
): Promise<number> {
  let brokenBody: { error: unknown } | undefined = body.errored
    ? { error: body.errored }
    : undefined;
  let brokenDisk = false;
  body.once('error', error => {
    // A failing disk destroys the body, too: who fails first is to blame.
    if (!brokenDisk) brokenBody = { error };
  });
  try {
    signal?.throwIfAborted();
    const file = await files.open(join(dir, temporary), 'wx', MODE);
    // `flush`: fsync before close, whose failure rejects as a failed write does.
    const sink = file.createWriteStream({ flush: true, highWaterMark: BUFFER_BYTES });
    sink.once('error', error => {
      if (codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE') brokenBody ??= { error };
      else brokenDisk = brokenBody === undefined;
    });
    await pipeline(body, sink, { signal });
    return sink.bytesWritten;
  } catch (error) {
    await takeAway(join(dir, temporary));
    if (signal?.aborted || brokenBody) {
      throw streamBroke(key, brokenBody?.error ?? error, signal);
    }
    throw localError(error, { stage: 'copy', dir, key, freeBytes: await freeBytesOf(dir) });
  }
}

/**
 * Gives a temporary its name for good.
 * @throws StageError (stage `publish`) when the name is taken, or the file system refuses; then neither name is left
 */
export async function publishTemporary(passage: Passage): Promise<void> {
  const { dir, temporary, key } = passage;
  const from = join(dir, temporary);
  const to = join(dir, key);
  try {
    await giveName(passage);
  } catch (error) {
    await takeAway(from);
    if (codeOf(error) === 'ENOENT' && (await isThere(dir)))
      throw temporaryGone(to, { cause: error });
    throw localError(error, { stage: 'publish', dir, key });
  }
  try {
    await fs.rm(from, { force: true });
    await syncDirectory(dir);
  } catch (error) {
    await takeAway(from);
    await takeAway(to);
    throw localError(error, { stage: 'publish', dir, key });
  }
}

/** Never replaces a file, as `rename` would: `link` fails where the name exists. */
async function giveName({ dir, temporary, key, files }: Passage): Promise<void> {
  const from = join(dir, temporary);
  const to = join(dir, key);
  try {
    await files.link(from, to);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw nameTaken(to);
    if (!NO_HARD_LINKS.includes(codeOf(error) ?? '')) throw error;
    await renameUnderLock(dir, from, to);
  }
}

/** Looks, then renames. A lock file stands for the name between the two, so that no other publisher takes it. */
async function renameUnderLock(dir: string, from: string, to: string): Promise<void> {
  const lock = join(dir, lockName(to));
  try {
    await (await fs.open(lock, 'wx', MODE)).close();
  } catch (error) {
    throw codeOf(error) === 'EEXIST' ? nameTaken(to) : error;
  }
  try {
    if (await exists(to)) throw nameTaken(to);
    await fs.rename(from, to);
  } finally {
    await takeAway(lock);
  }
}

/** Looks like a temporary, so that the sweep takes it after a crash; the same for all who want this name. */
const lockName = (path: string): string =>
  `${TEMPORARY_PREFIX}${createHash('sha256').update(basename(path)).digest('hex').slice(0, 36)}`;

/** @returns false also for "could not look". */
export const isThere = (path: string): Promise<boolean> => exists(path).catch(() => false);

/** @throws where it could not look */
const exists = (path: string): Promise<boolean> =>
  fs.lstat(path).then(
    () => true,
    error => {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  );

/** Best effort after a failure, which is what gets reported; the sweep at the next start tries again. */
const takeAway = (path: string): Promise<void> =>
  fs.rm(path, { force: true }).catch(() => undefined);

const freeBytesOf = (dir: string): Promise<number | undefined> =>
  fs.statfs(dir).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined
  );
