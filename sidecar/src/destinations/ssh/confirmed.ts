import { StageError } from '../../errors.ts';
import type { Confirmed } from '../destination.ts';

interface Facts {
  bytes: number;
  /** Undefined: not computed. */
  sha256: string | undefined;
}

/**
 * Compares what a server says that it holds with what was sent to it.
 * @throws StageError (stage `checksum`, reason `DigestDiffers`)
 */
export function confirmedBy(archive: string, sent: Facts, held: Facts): Confirmed {
  if (held.bytes !== sent.bytes)
    throw differs(`archive ${archive} has ${held.bytes} bytes there, ${sent.bytes} were sent`);
  if (sent.sha256 === undefined || held.sha256 === undefined)
    return { level: 'size', by: 'the size that the server says' };
  if (held.sha256 !== sent.sha256)
    throw differs(
      `archive ${archive} has SHA-256 ${held.sha256} on the server, ${sent.sha256} was sent`
    );
  return { level: 'checksum', by: 'SHA-256 that the server computed' };
}

const differs = (message: string): StageError =>
  new StageError(
    'checksum',
    'DigestDiffers',
    message,
    'check the disk of the server before you rely on any archive there; NKVM tries again',
    'unknown'
  );
