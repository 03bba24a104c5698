import type { Seal } from '../../api/index.ts';
import type { Digest } from '../archive/digest.ts';
import type { VerifyLevel } from '../archive/readBack.ts';
import { readBack } from '../archive/readBack.ts';
import type { ReadFrom, StoredBytes } from '../destinations/destination.ts';
import { StageError } from '../errors.ts';

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
  seal: Seal,
  level: VerifyLevel,
  signal: AbortSignal
): Promise<ReadFrom> {
  const stored = await readBack(where, body, level, signal);
  if (stored.bytes !== own.bytes || stored.sha256 !== own.sha256) {
    throw new StageError(
      'checksum',
      'ReadBackDiffers',
      `${where} reads back as ${digestText(stored)}, ${digestText(own)} were written`,
      'check the disk of the storage before you rely on any archive there: it returns other bytes than were written',
      'unknown'
    );
  }
  if (!stored.contents) return readFrom();
  const { files, rawBytes, rawSha256 } = stored.contents;
  if (
    files !== seal.files ||
    rawBytes !== seal.rawBytes ||
    (seal.rawSha256 !== undefined && rawSha256 !== seal.rawSha256)
  ) {
    throw new StageError(
      'checksum',
      'ContentsDiffer',
      `${where} unpacks to ${files} entries in ${digestText({
        bytes: rawBytes,
        sha256: rawSha256,
      })}, but tar wrote ` +
        `${seal.files} in ${digestText({ bytes: seal.rawBytes, sha256: seal.rawSha256 ?? '' })}`,
      'start a new backup; if it happens again, check the memory of the node that the helper ran on',
      'unknown'
    );
  }
  return readFrom();
}

/** @returns the problem that a storage took another number of bytes than were sent. */
export const sizeDiffers = (where: string, took: number, own: Digest): StageError =>
  new StageError(
    'checksum',
    'ReadBackDiffers',
    `${where} took ${took} bytes, ${digestText(own)} were sent`,
    'check the storage before you rely on any archive there: it did not store all bytes',
    'unknown'
  );

/** @returns a digest as a person compares it. */
export const digestText = ({ bytes, sha256 }: Digest): string =>
  `${bytes} bytes${sha256 && ` with SHA-256 ${sha256.slice(0, 12)}…`}`;
