import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StageError, textOf } from '../errors.ts';
import type { Digest } from './digest.ts';
import { hashAndCount } from './digest.ts';
import { gunzipping } from './gunzip.ts';
import type { TarContents } from './tarContents.ts';
import { tarContents } from './tarContents.ts';

/** The level of proof: `checksum`, that the bytes are there; `contents`, also that they unpack to a complete tar. */
export type VerifyLevel = 'checksum' | 'contents';

/** The digest of the bytes that were read. The caller compares it with the one of the bytes that were sent. */
export interface ReadBack extends Digest {
  /** At level `contents`: to be compared with the seal's `files` and `rawBytes`. */
  contents?: TarContents;
}

/**
 * Reads a stored archive once, from its first byte to its last, in constant memory.
 * @param place names the archive in errors
 * @param onProgress gets the bytes read so far
 * @param form of what is read
 * @throws StageError (stage `checksum`): `ArchiveUnreadable` when the storage breaks off, `ArchiveBroken` when the bytes
 *   are not a complete `.tar.gz`, `ReadStopped` when the caller stops it
 */
export async function readBack(
  place: string,
  archive: Readable,
  level: VerifyLevel,
  signal?: AbortSignal,
  onProgress?: (bytes: number) => void,
  form: 'tar.gz' | 'tar' = 'tar.gz'
): Promise<ReadBack> {
  // The first failure is the cause: it destroys the other streams with the same error.
  let blame: 'storage' | 'archive' | undefined;
  const blameArchive = () => (blame ??= 'archive');
  const blameStorage = () => {
    if (!archive.readableEnded) blame ??= 'storage';
  };
  archive.once('error', blameStorage).once('close', blameStorage);
  const counting = hashAndCount(onProgress);
  const untilEnd = <T>(reading: Promise<T>) => orStopped(reading, signal);
  try {
    if (level === 'checksum') {
      await untilEnd(pipeline(archive, counting, drain, { signal }));
      return counting.digest();
    }
    const gunzip = gunzipping().once('error', blameArchive);
    const untar = (tar: AsyncIterable<Buffer>) => tarContents(tar).finally(blameArchive);
    const contents = await untilEnd(
      form === 'tar'
        ? pipeline(archive, counting, untar, { signal })
        : pipeline(archive, counting, gunzip, untar, { signal })
    );
    return { ...counting.digest(), contents };
  } catch (error) {
    throw refusal({ place, blame, signal }, error);
  }
}

const drain = async (source: AsyncIterable<unknown>): Promise<void> => {
  for await (const chunk of source) void chunk;
};

/** A pipeline that is stopped waits for its streams to close; one whose storage hangs never does. */
const STOPPING_MS = 2_000;

async function orStopped<T>(reading: Promise<T>, signal?: AbortSignal): Promise<T> {
  let [whenStopped, timer]: [(() => void)?, NodeJS.Timeout?] = [];
  const stopped = new Promise<never>((_resolve, reject) => {
    whenStopped = () => {
      timer = setTimeout(() => reject(signal?.reason), STOPPING_MS);
    };
    signal?.addEventListener('abort', whenStopped);
  });
  try {
    return await Promise.race([reading, stopped]);
  } finally {
    if (whenStopped) signal?.removeEventListener('abort', whenStopped);
    clearTimeout(timer);
  }
}

interface Circumstances {
  place: string;
  blame: 'storage' | 'archive' | undefined;
  signal: AbortSignal | undefined;
}

function refusal({ place, blame, signal }: Circumstances, error: unknown): StageError {
  // Reading again, or another attempt, can end otherwise: neither a wrong byte nor a broken read says why.
  const refuse = (reason: string, message: string, hint: string) =>
    new StageError('checksum', reason, message, hint, 'unknown', { cause: error });
  if (signal?.aborted) {
    if (signal.reason instanceof StageError) return signal.reason;
    return refuse('ReadStopped', `check of ${place} was stopped`, 'start the backup again');
  }
  if (blame === 'archive') {
    return refuse(
      'ArchiveBroken',
      `archive ${place} is not a complete .tar.gz: ${textOf(error)}`,
      'start the backup again; if it happens again, check the storage'
    );
  }
  if (error instanceof StageError) return error;
  return refuse(
    'ArchiveUnreadable',
    `archive ${place} cannot be read back: ${textOf(error)}`,
    'check the storage, then start the backup again'
  );
}
