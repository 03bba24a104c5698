import { StageError } from '../../errors.ts';

/**
 * The conclusion from a failed call for its destination.
 *
 * - `outage`: it may be away; so often in a row that nothing is sent there for a while
 * - `fault`: it answers, and refuses; a person has to change something
 * - `none`: nothing, e.g. because the sender broke off
 */
export type Blame = 'outage' | 'fault' | 'none';

/** Failures of the caller, or of one archive. */
const NOT_ITS_FAULT = new Set([
  'StreamBroke',
  'CopyStopped',
  'ReadStopped',
  'LeaseLost',
  'NameTaken',
  'NameLocked',
  'BadKey',
  'ArchiveMissing',
  'ArchiveLocked',
  'NoMatchingKey',
  'PassphraseTooCostly',
  'AgeBroken',
  'NotEncrypted',
  'TemporaryGone',
  'DestinationPaused',
  'DestinationReplaced',
  'DestinationInvalid',
]);

/** Reasons with which only a destination fails: a storage that fails destroys the stream with its own error. */
const OF_DESTINATION = /^(Destination|Connection|Host|Tls|Login|Address|Bucket|Directory|Clock)/;

export interface CallFacts {
  error: unknown;
  /** Its caller stopped the call. */
  isStopped?: boolean;
  /** The error of the stream that was to be stored. */
  senderError?: unknown;
}

export function blame({ error, isStopped = false, senderError }: CallFacts): Blame {
  if (isStopped || !(error instanceof StageError)) return 'none';
  if (NOT_ITS_FAULT.has(error.reason)) return 'none';
  if (error === senderError && !OF_DESTINATION.test(error.reason)) return 'none';
  switch (error.class) {
    case 'transient':
    case 'unknown':
      return 'outage';
    case 'needs-action':
      return 'fault';
  }
}
