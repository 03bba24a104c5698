import type { DestinationState } from '../../../api/index.ts';
import { LOCAL_DESTINATION } from '../../../api/index.ts';
import type { StageError } from '../../errors.ts';
import type { PlaceEncryption } from '../encryption/settings.ts';
import type { Place } from '../places.ts';
import type { Health } from './health.ts';
import { healthOf } from './health.ts';
import type { Kept } from './kept.ts';
import { keep } from './kept.ts';
import type { CheckedPlace, Opened, OpenWorld, PlacesWorld } from './openPlace.ts';
import { checkedOf, IDLE_MS, keepOptions, openSecret } from './openPlace.ts';
import type { ReadSecret, SecretTexts } from './secret.ts';

/** Facts about a destination that do not come from its archives. */
export interface PlaceStatus {
  state: DestinationState;
  problem: StageError | null;
  /** While it is paused. */
  retryAt: Date | null;
  isInsecure: boolean;
  /** null: archives are stored as they are. */
  encryption: PlaceEncryption | null;
  /** When a person said that the recovery kit is stored. */
  kitStoredAt: string | null;
  /** Grows with each change of the settings. */
  version: number;
}

/** A place whose Secret may change. */
export interface Live {
  place: Place;
  status(): PlaceStatus;
  checked(): CheckedPlace;
  take(secret: ReadSecret, texts: SecretTexts): void;
  retire(): void;
  close(): Promise<void>;
}

/** @returns the directory of the settings as a place. */
export function localPlaceOf(
  { local, installation, now = Date.now, log, idleMs = IDLE_MS }: PlacesWorld,
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
  const checked = (): CheckedPlace => ({
    ...{ name: LOCAL_DESTINATION, invalid: undefined, probes: [], secrets: [] },
    archiveForm: 'tar.gz',
    owner: installation,
    open: () => local,
    works: () => health.succeeded('write'),
    close: async () => undefined,
  });
  return {
    place,
    checked,
    status: () => statusOf(health, false, null, { kitStoredAt: null, version: 0 }),
    close: () => kept.close(),
  };
}

/** @returns a destination that follows its Secret. */
export function livePlace(
  first: ReadSecret,
  firstTexts: SecretTexts,
  world: OpenWorld,
  onChange: () => void
): Live {
  const { name } = first;
  const { now = Date.now, log, idleMs = IDLE_MS } = world;
  const replaced = new Set<Kept>();
  let secret = first;
  let current = firstTexts;
  let settings = settingsText(firstTexts);
  let version = 0;
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
  const more = () => ({ kitStoredAt: secret.kitStoredAt, version });

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
    outage: () => ('error' in opened ? undefined : health.outage()),
  };
  return {
    place,
    status: () =>
      'error' in opened
        ? { ...INVALID, problem: opened.error, ...more() }
        : statusOf(health, opened.isInsecure, opened.encryption, more()),
    checked: () => ({
      ...checkedOf(name, secret.read, current.data, world),
      works: () => health.succeeded('write'),
    }),
    take(next, texts) {
      const text = settingsText(texts);
      secret = next;
      current = texts;
      if (text === settings) return;
      settings = text;
      version += 1;
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

const INVALID = { state: 'invalid', retryAt: null, isInsecure: false, encryption: null } as const;

const statusOf = (
  health: Health,
  isInsecure: boolean,
  encryption: PlaceEncryption | null,
  { kitStoredAt, version }: Pick<PlaceStatus, 'kitStoredAt' | 'version'>
): PlaceStatus => ({
  kitStoredAt,
  state: health.state(),
  problem: health.problem() ?? null,
  retryAt: health.retryAt() ?? null,
  isInsecure,
  encryption,
  version,
});

/** Annotations do not count: open destinations do not depend on them. */
const settingsText = ({ kind, data }: SecretTexts): string =>
  JSON.stringify([kind, Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1))]);
