import type { DestinationKind } from '../../api/index.ts';
import type { ArchiveForm } from '../archive/name.ts';
import type { Destination } from './destination.ts';

/** A destination that is configured, by the settings of the process or by a Secret. */
export interface Place {
  readonly name: string;
  readonly kind: DestinationKind;
  /** For people: where it is. Never has a credential in it. */
  readonly location: string;
  readonly isDefault: boolean;
  readonly isRequired: boolean;
  /** How archives are stored there. */
  readonly archiveForm: ArchiveForm;
  /**
   * @returns the destination, for one use. After a change of its settings later calls return another one, and this one goes
   *   on until what uses it has ended.
   * @throws StageError when its settings are wrong (`needs-action`), or it has failed so often that nothing is sent there
   *   for a while (`transient`)
   */
  use(): Destination;
  /** @returns the outage that it is in; undefined: none that is known of. Absent: it is never away. */
  outage?(): PlaceOutage | undefined;
}

/** A time in which the calls to a destination have failed as if it were away. */
export interface PlaceOutage {
  /** When the first call failed, in milliseconds. Together with the name it says which outage it is. */
  since: number;
  /** It has failed so often that nothing is sent there for a while. */
  isPaused: boolean;
  /** Nothing new is sent there now: it is paused, or looked at because a call has just failed. */
  isClosed: boolean;
}

/** The destinations that are configured now. */
export interface Places {
  /** @returns `local` first, the others by name. */
  all(): readonly Place[];
  get(name: string): Place | undefined;
  /** Calls `listener` after every change. @returns what ends that. */
  onChange(listener: () => void): () => void;
}
