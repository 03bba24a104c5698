import type { Copy, Seal } from '../../../api/index.ts';
import type { OptionalChain } from '../../archive/chain/chain.ts';
import { archiveFormOf } from '../../archive/name.ts';
import { readBack } from '../../archive/readBack.ts';
import type { TarContents } from '../../archive/tarContents.ts';
import { problemOf } from '../../backup/copies/copiesVerdict.ts';
import type { Archives } from '../../browse/archives.ts';
import type { Destination } from '../../destinations/destination.ts';
import { chainThere } from '../../destinations/read/chainThere.ts';
import { StageError } from '../../errors.ts';
import { compareDigest } from '../compareDigest.ts';

export interface VerifyOptions {
  /** Opens increments, to see whether the archives that they need belong to them. */
  archives: Pick<Archives, 'ref' | 'openVouched'>;
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
  /** A sentence on what was not compared. */
  warning?: string;
}

/**
 * Reads one copy from its first byte to its last, unpacks it, and compares it with what the pod sealed. Of an increment, the
 * archives that it needs are read, too, and compared with their manifests, and then whether they belong together: whether each
 * file of the volume is in one of them.
 *
 * | found | the copy |
 * | --- | --- |
 * | the bytes and the contents that were sealed | `present`, verified now |
 * | nothing of that name | `missing`: `ArchiveMissing` |
 * | an increment, and not all archives that it needs | `missing`: `ChainIncomplete` |
 * | anything else | as it was, whatever is wrong: a copy that differs is never deleted, it may be all that there is |
 *
 * @param seal of the run; null: nothing says what it should hold, so that it only has to be a complete `.tar.gz`
 * @throws the reason of `signal`; nothing else
 */
export async function verifyCopy(
  copy: Copy,
  seal: Seal | null,
  destination: Destination,
  { archives, chain, signal, now, onProgress }: VerifyOptions
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
    const links = await chainThere(copy.key, chain, destination, signal);
    for (const link of links) {
      const body = await destination.open(link.key, { signal });
      const linkPlace = destination.locate(link.key);
      const at = (bytes: number) => onProgress(before + bytes);
      compareDigest(
        { ...link, destination },
        await readBack(linkPlace, body, 'checksum', signal, at)
      );
      before += link.bytes;
    }
    const goesOn = setInterval(() => onProgress(before), GOES_ON_MS);
    const warning = await notTogether(
      copy,
      links.length > 0,
      destination,
      archives,
      signal
    ).finally(() => clearInterval(goesOn));
    return {
      copy: { ...copy, state: 'present', problem: null, verifiedAt: now().toISOString() },
      ...(warning !== undefined && { warning }),
    };
  } catch (error) {
    signal.throwIfAborted();
    const fault = faultOf(place, error);
    if (fault.reason !== 'ChainIncomplete') return { copy, fault };
    return { copy: { ...copy, state: 'missing', problem: problemOf(fault) }, fault };
  }
}

/** Without indexes, it takes as long as reading the archives. The storage has its own limit for each call. */
const GOES_ON_MS = 30_000;

/** Why an increment that is sound cannot be opened here. */
const NOT_OPENED = ['IndexTooBig', 'IncrementNotOpened'];

/**
 * @returns why it was not compared; undefined: the archives belong together, or it needs no others
 * @throws StageError (`ChainBroken`) when they do not
 */
async function notTogether(
  { key }: Pick<Copy, 'key'>,
  needsOthers: boolean,
  destination: Destination,
  archives: VerifyOptions['archives'],
  signal: AbortSignal
): Promise<string | undefined> {
  if (!needsOthers) return undefined;
  try {
    const ref = await archives.ref({ destination: destination.id, key }, signal);
    await archives.openVouched(ref, signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof StageError)) throw error;
    if (NOT_OPENED.includes(error.reason))
      return `whether the archives that ${key} needs belong to it was not compared: ${error.message}`;
    if (error.reason !== 'ChainBroken') throw error;
    // The message of the error names a file, which is not for everybody who may see the run.
    throw new StageError(
      'checksum',
      'ChainBroken',
      `archive ${destination.locate(
        key
      )} is an increment, and the archives that it needs lack files that it counts on`,
      'restore a backup from before it, and start a new one; opening the list of its files names one of them',
      'needs-action',
      { cause: error }
    );
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
