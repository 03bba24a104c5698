import { join } from 'node:path';
import type { ArchiveForm } from '../../archive/name.ts';
import { StageError, textOf } from '../../errors.ts';
import type { Fence } from '../../fence.ts';
import type { Log } from '../../log.ts';
import type { Destination } from '../destination.ts';
import type { KeyRing, PlaceKeys } from '../encryption/keyRing.ts';
import type { PlaceEncryption } from '../encryption/settings.ts';
import { encryptionOf } from '../encryption/settings.ts';
import type { PlaceContext } from '../kind.ts';
import { fenced } from '../wrap/fenced.ts';
import { limited } from '../wrap/limited.ts';
import type { Checked } from './check.ts';
import { openWith } from './common.ts';
import type { Health } from './health.ts';
import type { Kept } from './kept.ts';
import { keep } from './kept.ts';
import { scrubbedError, secretTexts } from './scrub.ts';
import type { Kinds, ReadSecret, ReadSettings, SecretTexts } from './secret.ts';

/** The arguments with which destinations are opened. */
export interface PlacesWorld {
  /** The directory of the settings. */
  local: Destination;
  secrets: { all(): readonly SecretTexts[]; onChange(listener: () => void): () => void };
  kinds: Kinds;
  installation: string;
  /** Each destination gets a directory of its own in it. */
  workDir: string;
  ownDirs: readonly string[];
  /** Space that stays free in directories of this machine. */
  floorBytes?: number;
  fence: Fence;
  /** How long a call may take, streams apart. */
  limitMs: number;
  log: Log;
  keys?: KeyRing;
  now?(): number;
  /** How long after its last call a replaced destination is closed. */
  idleMs?: number;
  /** Between two looks at a destination that has just failed. */
  againMs?: number;
}

export const IDLE_MS = 10 * 60_000;

/** A destination as a check goes through it: opened for the check alone, also while it is paused. */
export interface CheckedPlace extends Checked {
  /** It works: ends a pause. */
  works(): void;
  /** Closes what the check has opened. */
  close(): Promise<void>;
}

export type OpenWorld = PlacesWorld & { keys: KeyRing };

/** The result of reading a Secret. */
export type Opened =
  | {
      kept: Kept;
      location: string;
      isInsecure: boolean;
      encryption: PlaceEncryption | null;
      archiveForm: ArchiveForm;
    }
  | { error: StageError };

/** @param data what its errors must not show */
export function checkedOf(
  name: string,
  read: ReadSecret['read'],
  data: SecretTexts['data'],
  world: PlacesWorld
): CheckedPlace {
  const secrets = secretTexts(data);
  const nothing = {
    works: () => undefined,
    close: async () => undefined,
    owner: world.installation,
  };
  const open = (): Destination => {
    throw new Error('settings that are not valid were opened');
  };
  if (read instanceof StageError)
    return { name, invalid: read, probes: [], open, archiveForm: 'tar.gz', secrets, ...nothing };
  try {
    const { destination, archiveForm } = openRead(name, read, world);
    return {
      ...{
        name,
        invalid: undefined,
        secrets,
        archiveForm,
        works: nothing.works,
        owner: nothing.owner,
      },
      probes: read.kind.probes(read.settings),
      open: () => destination,
      close: () => destination.close(),
    };
  } catch (error) {
    const invalid = openRefused(name, error, secrets);
    return { name, invalid, probes: [], open, archiveForm: 'tar.gz', secrets, ...nothing };
  }
}

/** @throws StageError, and what a kind throws besides */
function openRead(
  name: string,
  { kind, settings, common }: ReadSettings,
  world: PlacesWorld,
  keys?: PlaceKeys
) {
  const { installation, workDir, ownDirs, floorBytes, fence, limitMs } = world;
  const dirs = { workDir: join(workDir, name), ownDirs, floorBytes };
  const context: PlaceContext = { name, installation, ...dirs };
  const { destination, archiveForm } = openWith(kind, settings, common, context, keys);
  return { destination: limited(fenced(destination, fence), limitMs), archiveForm };
}

function openRefused(name: string, error: unknown, secrets: readonly string[]): StageError {
  const clean = scrubbedError(error, secrets);
  if (clean instanceof StageError) return clean;
  return new StageError(
    'queue',
    'DestinationInvalid',
    `destination ${name} cannot be opened: ${textOf(clean)}`,
    'correct the Secret; NKVM sees the change at once',
    'needs-action'
  );
}

export function openSecret(
  { name, read }: ReadSecret,
  { data }: SecretTexts,
  world: OpenWorld,
  health: Health,
  idleMs: number
): Opened {
  if (read instanceof StageError) return { error: read };
  const hidden = secretTexts(data);
  const { kind, settings, common } = read;
  try {
    const { destination, archiveForm } = openRead(name, read, world, world.keys.of(name));
    return {
      kept: keep(destination, keepOptions(name, hidden, health, { log: world.log, idleMs })),
      location: kind.location(settings),
      isInsecure: kind.isInsecure(settings),
      encryption: encryptionOf(common),
      archiveForm,
    };
  } catch (error) {
    return { error: openRefused(name, error, hidden) };
  }
}

export const keepOptions = (
  name: string,
  secrets: readonly string[],
  health: Health,
  { log, idleMs }: { log: Log; idleMs: number }
) => ({
  ...{ name, secrets, idleMs, log },
  onSuccess: health.succeeded,
  onFailure: health.failed,
});
