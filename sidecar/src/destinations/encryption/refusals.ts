import type { Stage } from '../../../api/index.ts';
import type { AgeFault } from '../../archive/age/ageError.ts';
import { AgeError } from '../../archive/age/ageError.ts';
import { StageError } from '../../errors.ts';

/** @param destination its name */
export const archiveLocked = (place: string, destination: string): StageError =>
  new StageError(
    'checksum',
    'ArchiveLocked',
    `archive ${place} is encrypted, and NKVM has no key to read it`,
    `unlock destination ${destination} with its secret key (AGE-SECRET-KEY-1…), on its page or with POST /api/v1/destinations/${destination}/unlock; NKVM keeps it in memory only`,
    'needs-action'
  );

/** @returns the refusal to make an increment on an archive that may need another key than the increment. */
export const baseLocked = (place: string): StageError =>
  new StageError(
    'checksum',
    'ArchiveLocked',
    `${place} was not encrypted for the present keys of its destination, or NKVM has started since`,
    'nothing to do: the next backup is a full one',
    'needs-action'
  );

/** @returns the refusal to store an archive as it is where archives are encrypted. */
export const notEncrypted = (place: string): StageError =>
  new StageError(
    'copy',
    'NotEncrypted',
    `archive ${place} is not encrypted, and its destination accepts only encrypted ones`,
    'start the backup again: the settings of the destination have changed meanwhile',
    'transient'
  );

type Says = readonly [stage: Stage, reason: string, what: string, hint: string];

const DAMAGED = 'use another copy of the backup, and look at the storage';
const SAYS: Record<AgeFault, Says> = {
  header: ['checksum', 'AgeBroken', 'is not a valid age file', DAMAGED],
  mac: ['checksum', 'AgeBroken', 'is damaged', DAMAGED],
  payload: ['checksum', 'AgeBroken', 'is damaged', DAMAGED],
  'no-match': [
    'checksum',
    'NoMatchingKey',
    'is encrypted for other keys',
    'unlock the destination with the secret key that belongs to one of the ageRecipients of the time when it was written, or with the passphrase of that time',
  ],
  'too-costly': [
    'checksum',
    'PassphraseTooCostly',
    'cannot be opened with a passphrase here',
    'decrypt it with the age command, which has more memory',
  ],
  key: [
    'copy',
    'AgeKeyInvalid',
    'cannot be encrypted',
    'correct ageRecipients in the Secret of the destination',
  ],
};

/** @returns what `error` means for the archive at `place`, if it is one of the format; else `error` itself. */
export function ageRefusal(place: string, error: unknown): unknown {
  if (!(error instanceof AgeError)) return error;
  const [stage, reason, what, hint] = SAYS[error.fault];
  // Reading again can end otherwise: a wrong byte does not say where it became wrong.
  const failureClass = reason === 'AgeBroken' ? 'unknown' : 'needs-action';
  return new StageError(
    stage,
    reason,
    `archive ${place} ${what}: ${error.message}`,
    hint,
    failureClass,
    { cause: error }
  );
}
