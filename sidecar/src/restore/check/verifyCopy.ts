import type { Copy, Seal } from '../../../api/index.ts';
import type { OptionalChain } from '../../archive/chain/chain.ts';
import { archiveFormOf } from '../../archive/name.ts';
import { readBack } from '../../archive/readBack.ts';
import type { TarContents } from '../../archive/tarContents.ts';
import { chainThere } from '../../destinations/chainThere.ts';
import type { Destination } from '../../destinations/destination.ts';
import { StageError } from '../../errors.ts';
import { compareDigest } from '../compareDigest.ts';

export interface VerifyOptions {
  /** Of the backup. */
  chain: OptionalChain;
  signal: AbortSignal;
  now(): Date;
  /** @param bytes read so far */
  onProgress(bytes: number): void;
}

/** A copy as it is after the look at it, and what is wrong with it. */
export interface VerifiedCopy {
  copy: Copy;
  fault?: StageError;
}

/**
 * Reads one copy from its first byte to its last, unpacks it, and compares it with what the pod sealed. Of an increment, the
 * archives that it needs are read, too, and compared with their manifests.
 *
 * | found | the copy |
 * | --- | --- |
 * | the bytes and the contents that were sealed | `present`, verified now |
 * | nothing of that name | `missing`: `ArchiveMissing` |
 * | anything else | as it was, whatever is wrong: a copy that differs is never deleted, it may be all that there is |
 *
 * @param seal of the run; null: nothing says what it should hold, so that it only has to be a complete `.tar.gz`
 * @throws the reason of `signal`; nothing else
 */
export async function verifyCopy(
  copy: Copy,
  seal: Seal | null,
  destination: Destination,
  { chain, signal, now, onProgress }: VerifyOptions
): Promise<VerifiedCopy> {
  const place = destination.locate(copy.key);
  try {
    const stored = await destination.stat(copy.key, { signal });
    if (!stored) return { copy: { ...copy, state: 'missing' }, fault: missing(place) };
    const archive = await destination.open(copy.key, { signal });
    const form = archiveFormOf(copy.key) === 'tar' ? 'tar' : 'tar.gz';
    const read = await readBack(place, archive, 'contents', signal, onProgress, form);
    compareDigest({ ...copy, destination, sha256: copy.sha256 || undefined }, read);
    if (seal && read.contents) compareContents(place, seal, read.contents);
    let before = read.bytes;
    for (const link of await chainThere(copy.key, chain, destination, signal)) {
      const body = await destination.open(link.key, { signal });
      const linkPlace = destination.locate(link.key);
      const at = (bytes: number) => onProgress(before + bytes);
      compareDigest(
        { ...link, destination },
        await readBack(linkPlace, body, 'checksum', signal, at)
      );
      before += link.bytes;
    }
    return { copy: { ...copy, state: 'present', verifiedAt: now().toISOString() } };
  } catch (error) {
    signal.throwIfAborted();
    return { copy, fault: faultOf(place, error) };
  }
}

/** @throws StageError (`ContentsDiffer`) */
function compareContents(place: string, seal: Seal, { files, rawBytes, rawSha256 }: TarContents) {
  const isSame =
    files === seal.files &&
    rawBytes === seal.rawBytes &&
    (seal.rawSha256 === undefined || rawSha256 === seal.rawSha256);
  if (isSame) return;
  throw new StageError(
    'checksum',
    'ContentsDiffer',
    `archive ${place} unpacks to ${files} entries in ${rawBytes} bytes, but ${seal.files} in ${seal.rawBytes} bytes were sealed`,
    'start a new backup, and restore from another one until then',
    'needs-action'
  );
}

const missing = (place: string): StageError =>
  new StageError(
    'checksum',
    'ArchiveMissing',
    `archive ${place} is not there`,
    'find out what has deleted it; restore from another backup until it is back',
    'needs-action'
  );

/** An archive that is not what it was stays so: to read it three times more changes nothing. */
function faultOf(place: string, error: unknown): StageError {
  if (!(error instanceof StageError)) {
    const message = error instanceof Error ? error.message : String(error);
    return new StageError(
      'checksum',
      'Unexpected',
      `the check of archive ${place} failed: ${message}`,
      'see the log of NKVM for this run, then start it again',
      'unknown',
      { cause: error }
    );
  }
  if (error.reason !== 'ArchiveBroken') return error;
  return new StageError(
    'checksum',
    'ArchiveBroken',
    error.message,
    'check the storage, and start a new backup; the archive is not changed',
    'needs-action',
    { cause: error }
  );
}
