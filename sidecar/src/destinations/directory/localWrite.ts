import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { codeOf, syncDirectory } from '../../files.ts';
import { isLeftLock, nameLocked } from '../common/nameLock.ts';
import { nameTaken, streamBroke, temporaryGone } from '../common/refusals.ts';
import { lockName } from '../common/temporary.ts';
import { localError } from './localErrors.ts';
import { notAFile } from './plainFile.ts';

/** Only the user that NKVM runs as can read archives. */
const MODE = 0o600;

/** How many bytes can wait for the disk. Bigger writes are fewer system calls. */
const BUFFER_BYTES = 1024 * 1024;

/** Answers of `link` on file systems that have no hard links (SMB, some FUSE ones). */
const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** The system calls that a test replaces to show what some file systems do. */
export type LocalFiles = Pick<typeof fs, 'open' | 'link'> & Partial<Pick<typeof fs, 'rename'>>;

/** One file on its way into a backup directory. */
export interface Passage {
  dir: string;
  /** Its name until it is published. */
  temporary: string;
  key: string;
  /** Its temporaries and locks bear its name. */
  installation: string;
  files: LocalFiles;
  /** Names of files that a sweep must leave alone. */
  underWay: Set<string>;
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
    // A failing disk destroys the body, too: only the first failure is the cause.
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
    // A link that was put in the place of the temporary would be an archive whose bytes lie elsewhere.
    if (!(await fs.lstat(to)).isFile()) {
      await takeAway(to);
      throw notAFile('publish', to);
    }
  } catch (error) {
    // A call that failed after it worked has left the name.
    if (await isSameFile(from, to).catch(() => false)) await takeAway(to);
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

/**
 * Never replaces a file, as `rename` alone would: `link` fails where the name exists. NFS may repeat a call whose answer
 * was lost; the repeated one then fails although the first one worked, so that a failure is compared with what is there.
 */
async function giveName(passage: Passage): Promise<void> {
  const { dir, temporary, key, files } = passage;
  const from = join(dir, temporary);
  const to = join(dir, key);
  try {
    await files.link(from, to);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      if (await isSameFile(from, to)) return;
      throw nameTaken(to);
    }
    if (!NO_HARD_LINKS.includes(codeOf(error) ?? '')) throw error;
    await renameUnderLock(passage, from, to);
  }
}

/** Looks, then renames. A lock file holds the name between the two, so that no other publisher can use it. */
async function renameUnderLock(
  { dir, installation, files, underWay }: Passage,
  from: string,
  to: string
): Promise<void> {
  const lock = lockName(installation, to);
  // Before it is there, for a sweep of this process.
  const isOurs = !underWay.has(lock);
  underWay.add(lock);
  try {
    await makeLock(join(dir, lock)).catch(async error => {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (!isOurs || (await exists(to))) throw nameTaken(to);
      const [held, waiting] = await Promise.all([fs.lstat(join(dir, lock)), fs.lstat(from)]);
      if (!isLeftLock(held.mtime, waiting.mtime)) throw nameLocked(to, join(dir, lock));
      await fs.rm(join(dir, lock), { force: true });
      await makeLock(join(dir, lock));
    });
    try {
      const { ino } = await fs.lstat(from);
      if (await exists(to)) throw nameTaken(to);
      await (files.rename ?? fs.rename)(from, to).catch(async error => {
        const worked = codeOf(error) === 'ENOENT' && (await fs.lstat(to)).ino === ino;
        if (!worked) throw error;
      });
    } finally {
      await takeAway(join(dir, lock));
    }
  } finally {
    if (isOurs) underWay.delete(lock);
  }
}

const makeLock = async (path: string): Promise<void> =>
  await (await fs.open(path, 'wx', MODE)).close();

/** @returns whether both are names of one file. @throws where it could not look */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([fs.lstat(one), fs.lstat(other)]);
  return first.nlink > 1 && first.ino === second.ino && first.dev === second.dev;
}

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
