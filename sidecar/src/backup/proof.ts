import type { Digest } from '../archive/digest.ts';
import type { VerifyLevel } from '../archive/readBack.ts';
import { readBack } from '../archive/readBack.ts';
import type { ReadFrom, StoredBytes } from '../destinations/destination.ts';
import { StageError } from '../errors.ts';
import type { WrittenSeal } from '../helper/seal.ts';

/**
 * Reads a stored archive back and compares it with what was received.
 * @param where names the archive in errors
 * @returns whether storage itself was read.
 * @throws StageError (stage `checksum`) when something else is stored.
 */
export async function proveStored(
  where: string,
  { body, readFrom }: StoredBytes,
  own: Digest,
  seal: Pick<WrittenSeal, 'files' | 'rawBytes' | 'fidelity'>,
  level: VerifyLevel,
  signal: AbortSignal
): Promise<ReadFrom> {
  const stored = await readBack(where, body, level, signal);
  if (stored.bytes !== own.bytes || stored.sha256 !== own.sha256) {
    throw new StageError(
      'checksum',
      'ReadBackDiffers',
      `${where} reads back as ${digestText(stored)}, ${digestText(own)} were written`,
      'the storage does not keep what it is given: check its disk before you rely on it',
      'unknown'
    );
  }
  // A tar that is not GNU's counts its entries differently.
  if (!stored.contents || seal.fidelity === 'reduced') return readFrom();
  const { files, rawBytes } = stored.contents;
  if (files !== seal.files || rawBytes !== seal.rawBytes) {
    throw new StageError(
      'checksum',
      'ContentsDiffer',
      `${where} unpacks to ${files} entries in ${rawBytes} bytes, ${seal.files} in ${seal.rawBytes} were packed`,
      'back up again; if it happens again, report it with the name of the helper image',
      'unknown'
    );
  }
  return readFrom();
}

/** @returns a digest as a person compares it. */
export const digestText = ({ bytes, sha256 }: Digest): string =>
  `${bytes} bytes with SHA-256 ${sha256.slice(0, 12)}…`;
