import { join } from 'node:path';
import type { DestinationState } from '../../../api/index.ts';
import { LOCAL_DESTINATION } from '../../../api/index.ts';
import type { ArchiveForm } from '../../archive/name.ts';
import { StageError, textOf } from '../../errors.ts';
import type { Fence } from '../../fence.ts';
import type { Log } from '../../log.ts';
import type { Destination } from '../destination.ts';
import type { KeyRing } from '../encryption/keyRing.ts';
import { keyRing } from '../encryption/keyRing.ts';
import type { PlaceEncryption } from '../encryption/settings.ts';
import { encryptionOf } from '../encryption/settings.ts';
import { fenced } from '../fenced.ts';
import type { PlaceContext } from '../kind.ts';
import { limited } from '../limited.ts';
import type { Place, Places } from '../places.ts';
import { openWith } from './common.ts';
import type { Health } from './health.ts';
import { healthOf } from './health.ts';
import type { Kept } from './kept.ts';
import { keep } from './kept.ts';
import { scrubbedError, secretTexts } from './scrub.ts';
import type { Kinds, ReadSecret, SecretTexts } from './secret.ts';
import { readSecret } from './secret.ts';

/** What is known of a destination besides what its archives tell. */
export interface PlaceStatus {
  state: DestinationState;
  problem: StageError | null;
  /** While it is paused. */
  retryAt: Date | null;
  isInsecure: boolean;
  /** null: archives are stored as they are. */
  encryption: PlaceEncryption | null;
}

/** The destinations, opened. */
export interface WatchedPlaces extends Places {
  status(name: string): PlaceStatus | undefined;
  /** @returns sentences on Secrets that are no destination although they have its label. */
  problems(): string[];
  /** What opens encrypted archives. Those of a destination go with its Secret. */
  readonly keys: KeyRing;
  /** Closes all. Nothing can be used afterwards. */
  close(): Promise<void>;
}

export interface PlacesWorld {
  /** The directory of the settings. */
  local: Destination;
  secrets: { all(): readonly SecretTexts[]; onChange(listener: () => void): () => void };
  kinds: Kinds;
  installation: string;
  /** Each destination gets a directory of its own in it. */
  workDir: string;
  ownDirs: readonly string[];
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

const IDLE_MS = 10 * 60_000;

/** A place whose Secret may change. */
interface Live {
  place: Place;
  status(): PlaceStatus;
  take(secret: ReadSecret, texts: SecretTexts): void;
  retire(): void;
  close(): Promise<void>;
}

/**
 * Keeps the destinations as the Secrets have them. A change counts for the next use: what is under way goes on with what it
 * began with, which is closed when it has not been used for a while.
 */
export function watchPlaces(given: PlacesWorld): WatchedPlaces {
  const { secrets, kinds, log, keys = keyRing() } = given;
  const world = { ...given, keys };
  const listeners = new Set<() => void>();
  const live = new Map<string, Live>();
  /** Places whose Secret is gone, and which are not closed yet. */
  const leaving = new Set<Live>();
  let problems: string[] = [];
  let isClosed = false;

  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  const hasDefault = () => [...live.values()].some(({ place }) => place.isDefault);
  const local = localPlaceOf(world, () => !hasDefault(), tell);

  const read = (): void => {
    if (isClosed) return;
    const texts = secrets.all();
    const found = texts.map(one => ({ one, secret: readSecret(one, kinds) }));
    const before = problems;
    problems = found.flatMap(({ secret }) => (typeof secret === 'string' ? secret : []));
    for (const problem of problems) if (!before.includes(problem)) log.warn({}, problem);
    const names = new Set<string>();
    for (const { one, secret } of found) {
      if (typeof secret === 'string') continue;
      names.add(secret.name);
      const known = live.get(secret.name);
      if (known) known.take(secret, one);
      else live.set(secret.name, livePlace(secret, one, world, tell));
    }
    for (const [name, place] of live) {
      if (names.has(name)) continue;
      live.delete(name);
      leaving.add(place);
      place.retire();
      keys.lock(name);
      log.info({ destination: name }, `destination ${name} is not configured any more`);
    }
    tell();
  };
  const stop = secrets.onChange(read);
  read();

  return {
    all: () => [
      local.place,
      ...[...live.keys()].sort().flatMap(name => live.get(name)?.place ?? []),
    ],
    get: name => (name === LOCAL_DESTINATION ? local.place : live.get(name)?.place),
    status: name => (name === LOCAL_DESTINATION ? local : live.get(name))?.status(),
    problems: () => problems,
    keys,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      isClosed = true;
      stop();
      await Promise.all([local, ...live.values(), ...leaving].map(place => place.close()));
    },
  };
}

function localPlaceOf(
  { local, now = Date.now, log, idleMs = IDLE_MS }: PlacesWorld,
  isDefault: () => boolean,
  onChange: () => void
) {
  // The volume that NKVM itself needs is never paused: its own limits and the check of free space guard it.
  const health = healthOf({ name: LOCAL_DESTINATION, lookAt: undefined, now, onChange });
  const kept = keep(local, keepOptions(LOCAL_DESTINATION, [], health, { log, idleMs }));
  const place: Place = {
    name: LOCAL_DESTINATION,
    kind: LOCAL_DESTINATION,
    location: local.location,
    get isDefault() {
      return isDefault();
    },
    isRequired: true,
    archiveForm: 'tar.gz',
    use: () => kept.destination,
  };
  return { place, status: () => statusOf(health, false, null), close: () => kept.close() };
}

type OpenWorld = PlacesWorld & { keys: KeyRing };

/** What a Secret has become. */
type Opened =
  | (Pick<PlaceStatus, 'isInsecure' | 'encryption'> & {
      kept: Kept;
      location: string;
      archiveForm: ArchiveForm;
    })
  | { error: StageError };

function livePlace(
  first: ReadSecret,
  firstTexts: SecretTexts,
  world: OpenWorld,
  onChange: () => void
): Live {
  const { name } = first;
  const { now = Date.now, log, idleMs = IDLE_MS } = world;
  const replaced = new Set<Kept>();
  let secret = first;
  let settings = settingsText(firstTexts);
  let health: Health;
  let opened: Opened;

  const open = (texts: SecretTexts): void => {
    const ofThese = healthOf({
      name,
      lookAt: () => {
        if ('error' in opened) throw opened.error;
        return opened.kept.destination;
      },
      now,
      onChange,
      againMs: world.againMs,
    });
    health = ofThese;
    opened = openSecret(secret, texts, world, ofThese, idleMs);
    if ('error' in opened) log.warn({ destination: name }, opened.error.message);
    else log.info({ destination: name, kind: secret.kind }, `destination ${name} is configured`);
  };
  const retire = (): void => {
    health.stop();
    if ('error' in opened) return;
    replaced.add(opened.kept);
    opened.kept.retire();
  };
  open(firstTexts);

  const place: Place = {
    name,
    get kind() {
      return secret.kind;
    },
    get location() {
      return 'error' in opened ? '' : opened.location;
    },
    get isDefault() {
      return secret.isMarkedDefault;
    },
    get isRequired() {
      return secret.isRequired;
    },
    get archiveForm() {
      return 'error' in opened ? 'tar.gz' : opened.archiveForm;
    },
    use() {
      if ('error' in opened) throw opened.error;
      health.enter();
      return opened.kept.destination;
    },
  };
  return {
    place,
    status: () =>
      'error' in opened
        ? { ...INVALID, problem: opened.error }
        : statusOf(health, opened.isInsecure, opened.encryption),
    take(next, texts) {
      const text = settingsText(texts);
      secret = next;
      if (text === settings) return;
      settings = text;
      retire();
      open(texts);
    },
    retire,
    async close() {
      health.stop();
      const last = 'error' in opened ? [] : [opened.kept];
      await Promise.all([...replaced, ...last].map(kept => kept.close()));
    },
  };
}

function openSecret(
  { name, read }: ReadSecret,
  { data }: SecretTexts,
  world: OpenWorld,
  health: Health,
  idleMs: number
): Opened {
  if (read instanceof StageError) return { error: read };
  const hidden = secretTexts(data);
  const { kind, settings, common } = read;
  const { installation, workDir, ownDirs, fence, limitMs, log, keys } = world;
  const context: PlaceContext = { name, installation, workDir: join(workDir, name), ownDirs };
  try {
    const { destination, archiveForm } = openWith(kind, settings, common, context, keys.of(name));
    const guarded = limited(fenced(destination, fence), limitMs);
    return {
      kept: keep(guarded, keepOptions(name, hidden, health, { log, idleMs })),
      location: kind.location(settings),
      isInsecure: kind.isInsecure(settings),
      encryption: encryptionOf(common),
      archiveForm,
    };
  } catch (error) {
    const clean = scrubbedError(error, hidden);
    if (clean instanceof StageError) return { error: clean };
    return {
      error: new StageError(
        'queue',
        'DestinationInvalid',
        `destination ${name} cannot be opened: ${textOf(clean)}`,
        'correct the Secret; NKVM sees the change at once',
        'needs-action'
      ),
    };
  }
}

const keepOptions = (
  name: string,
  secrets: readonly string[],
  health: Health,
  { log, idleMs }: { log: Log; idleMs: number }
) => ({
  ...{ name, secrets, idleMs, log },
  onSuccess: health.succeeded,
  onFailure: health.failed,
});

const INVALID = { state: 'invalid', retryAt: null, isInsecure: false, encryption: null } as const;

const statusOf = (
  health: Health,
  isInsecure: boolean,
  encryption: PlaceEncryption | null
): PlaceStatus => ({
  state: health.state(),
  problem: health.problem() ?? null,
  retryAt: health.retryAt() ?? null,
  isInsecure,
  encryption,
});

/** Annotations are none of them: what is open does not depend on those. */
const settingsText = ({ kind, data }: SecretTexts): string =>
  JSON.stringify([kind, Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1))]);
