import type { z } from 'zod';
import type { CHECK_STEPS, DESTINATION_KINDS, ShownHostKey } from '../../api/index.ts';
import type { ArchiveForm } from '../archive/name.ts';
import { StageError } from '../errors.ts';
import type { Destination } from './destination.ts';

/** The context in which a destination is opened. */
export interface PlaceContext {
  /** Name of the Secret; it is the id of the destination. */
  name: string;
  /** Whose temporaries are its own. */
  installation: string;
  /** A directory of this process for files that must be complete before they are sent. It may not exist yet. */
  workDir: string;
  /** Directories that this process uses itself, absolute: no destination may be in, at or around one of them. */
  ownDirs?: readonly string[] | undefined;
  /** Space that stays free on file systems of this machine; 0 where it is not said. */
  floorBytes?: number | undefined;
}

/** The error of a probe of the step `host-key` when the key that the server shows is not confirmed. */
export class HostKeyError extends StageError {
  readonly hostKey: ShownHostKey;

  constructor(hostKey: ShownHostKey, ...of: ConstructorParameters<typeof StageError>) {
    super(...of);
    this.hostKey = hostKey;
  }
}

/** One step of a check on the way to a server, before the first byte is written. */
export interface Probe {
  step: (typeof CHECK_STEPS)[number];
  /** @returns what was seen, for people; may be empty. @throws StageError */
  run(signal: AbortSignal): Promise<string>;
}

/** A kind of destination: what its Secret holds, and how it is opened. */
export interface Kind<Settings> {
  readonly kind: (typeof DESTINATION_KINDS)[number];
  /** How archives are stored there; `tar.gz` where it is not said. */
  readonly archiveForm?: ArchiveForm;
  /** Parses the data of the Secret, all text. Its messages name keys and never show values. */
  readonly settings: z.ZodType<Settings>;
  /** For people: where it is. Never has a credential in it. */
  location(settings: Settings): string;
  /** Whether the connection has no TLS, or the settings turn off the check of a certificate or of a host key. */
  isInsecure(settings: Settings): boolean;
  /** Opens no connection yet. @throws StageError (`needs-action`) when the settings cannot be used here */
  open(settings: Settings, context: PlaceContext): Destination;
  /** The steps on the way, in the order of `CHECK_STEPS`: those of resolve, connect, tls, host-key and login that it has. */
  probes(settings: Settings): Probe[];
}
