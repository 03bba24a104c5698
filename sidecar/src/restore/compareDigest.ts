import type { Digest } from '../archive/digest.ts';
import type { Destination } from '../destinations/destination.ts';
import { StageError } from '../errors.ts';

/** An archive, and what it should be. */
export interface ExpectedArchive {
  destination: Pick<Destination, 'locate'>;
  key: string;
  bytes: number;
  /** Undefined: not known. */
  sha256: string | undefined;
}

/** @throws StageError (`ArchiveDiffers`) when something else was read than the archive that was meant. */
export function compareDigest(
  { destination, key, bytes, sha256 }: ExpectedArchive,
  read: Digest
): void {
  if (read.bytes === bytes && (sha256 === undefined || read.sha256 === sha256)) return;
  throw new StageError(
    'checksum',
    'ArchiveDiffers',
    `archive ${destination.locate(key)} has changed: ${read.bytes} bytes with SHA-256 ${short(
      read.sha256
    )} were read, expected ${bytes} bytes${sha256 ? ` with ${short(sha256)}` : ''}`,
    'restore another backup, and check the storage: it returns other bytes than were written',
    'needs-action'
  );
}

const short = (sha256: string): string => `${sha256.slice(0, 12)}…`;
