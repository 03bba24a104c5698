import { pipeline } from 'node:stream/promises';
import type { Digest } from '../archive/digest.ts';
import { hashAndCount } from '../archive/digest.ts';
import { gunzipping } from '../archive/gunzip.ts';
import { readBack } from '../archive/readBack.ts';
import { StageError, textOf } from '../errors.ts';
import { chainBody } from './chainBody.ts';
import { compareDigest } from './compareDigest.ts';
import type { RestoreSource } from './source.ts';

/**
 * An archive that was read from its first byte to its last. Of an increment, its digest is that of all archives of the chain,
 * newest first, as they are sent.
 */
export interface CheckedArchive extends Digest {
  /** Size of the tar in it; undefined where it was not unpacked. */
  rawBytes: number | undefined;
  /** False: nothing says what the digest should be. Then the archive is at least a complete `.tar.gz`. */
  isCompared: boolean;
}

export interface CheckOptions {
  signal: AbortSignal;
  onProgress?(bytes: number): void;
}

/**
 * Reads the whole archive, before anything of it is written to a volume, and compares its digest with what manifest, history
 * or upload say. Where nothing says so, it is unpacked as well: only its own checksums, and the end of its tar, tell that it is
 * complete. One that is cut between two gzip members has whole checksums, and would break off when half of it is written.
 * @throws StageError: `ArchiveDiffers`, `ArchiveBroken`, `ArchiveUnreadable`, or what the destination says.
 */
export async function checkArchive(
  source: RestoreSource,
  { signal, onProgress = () => undefined }: CheckOptions
): Promise<CheckedArchive> {
  const { destination, key, sha256, links } = source;
  const place = destination.locate(key);
  if (links.length > 0) {
    const all = hashAndCount(onProgress);
    await pipeline(chainBody(source, signal), all.resume(), { signal });
    return { ...all.digest(), rawBytes: undefined, isCompared: sha256 !== undefined };
  }
  const archive = await destination.open(key, { signal });
  if (sha256 === undefined) return await unpacked(place, archive, { signal, onProgress });
  const read = await readBack(place, archive, 'checksum', signal, onProgress);
  compareDigest(source, read);
  return { ...read, rawBytes: undefined, isCompared: true };
}

/** A tar ends with at least one block of zeros; see unpack/program/tarReader.ts. */
const END_BYTES = 512;

async function unpacked(
  place: string,
  archive: NodeJS.ReadableStream,
  { signal, onProgress = () => undefined }: CheckOptions
): Promise<CheckedArchive> {
  const counting = hashAndCount(onProgress);
  const gunzip = gunzipping();
  let isBroken = false;
  gunzip.once('error', () => (isBroken = true));
  let rawBytes = 0;
  let zeros = 0;
  try {
    await pipeline(
      archive,
      counting,
      gunzip,
      async (tar: AsyncIterable<Buffer>) => {
        for await (const chunk of tar) {
          rawBytes += chunk.length;
          const last = chunk.findLastIndex(byte => byte !== 0);
          zeros = last < 0 ? zeros + chunk.length : chunk.length - 1 - last;
        }
        if (zeros >= END_BYTES) return;
        isBroken = true;
        throw new Error('the tar inside is truncated');
      },
      { signal }
    );
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StageError) throw error;
    throw new StageError(
      'checksum',
      isBroken ? 'ArchiveBroken' : 'ArchiveUnreadable',
      isBroken
        ? `archive ${place} is not a complete .tar.gz: ${textOf(error)}`
        : `archive ${place} cannot be read: ${textOf(error)}`,
      isBroken ? 'restore another archive' : 'check the storage, then start the restore again',
      isBroken ? 'needs-action' : 'transient',
      { cause: error }
    );
  }
  return { ...counting.digest(), rawBytes, isCompared: false };
}
