import type { CheckSettings } from '../../../api/index.ts';
import { LOCAL_DESTINATION } from '../../../api/index.ts';
import type { KeyRing } from '../encryption/keyRing.ts';
import { keyRing } from '../encryption/keyRing.ts';
import type { Places } from '../places.ts';
import type { Live, PlaceStatus } from './livePlace.ts';
import { livePlace, localPlaceOf } from './livePlace.ts';
import type { CheckedPlace, PlacesWorld } from './openPlace.ts';
import { checkedOf } from './openPlace.ts';
import { readSecret, readSettings } from './secret.ts';

/** The destinations, opened. */
export interface WatchedPlaces extends Places {
  status(name: string): PlaceStatus | undefined;
  /** @returns sentences on Secrets that are no destination although they have its label. */
  problems(): string[];
  /** The keys that decrypt archives. Those of a destination are removed with its Secret. */
  readonly keys: KeyRing;
  /** @returns what there is to check of a destination; undefined: there is none of that name. */
  checked(name: string): CheckedPlace | undefined;
  /** @returns what there is to check of settings that are in no Secret. */
  checkedSettings(asked: CheckSettings): CheckedPlace;
  /** Closes all. Nothing can be used afterwards. */
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
    checked: name => (name === LOCAL_DESTINATION ? local : live.get(name))?.checked(),
    checkedSettings: ({ name, kind, settings }) =>
      checkedOf(name, readSettings(name, kind, settings, kinds), settings, world),
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
