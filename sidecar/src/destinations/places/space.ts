import type { WatchedPlaces } from './watchPlaces.ts';

/** Looks at every destination now and then, so that one that is unavailable is known before a backup needs it. */
export interface Space {
  /** @returns bytes that could be stored when it was last looked at; null: the storage does not say, or was unavailable */
  freeBytes(name: string): number | null;
  /** Looks at all of them now. Never rejects. */
  look(): Promise<void>;
  stop(): void;
}

export interface SpaceOptions {
  places: Pick<WatchedPlaces, 'all'>;
  everyMs?: number;
}

const EVERY_MS = 5 * 60_000;

/** A key that no archive has. */
const NO_SUCH_KEY = 'nkvm-look';

export function watchSpace({ places, everyMs = EVERY_MS }: SpaceOptions): Space {
  const free = new Map<string, number>();
  let looking: Promise<void> | undefined;

  const lookAll = async (): Promise<void> => {
    const all = places.all();
    for (const name of free.keys()) if (!all.some(place => place.name === name)) free.delete(name);
    await Promise.all(
      all.map(async place => {
        try {
          const destination = place.use();
          // A storage that says nothing of its space is asked for something else: whether it is there is what counts.
          const bytes = await destination.freeBytes();
          if (bytes === undefined) await destination.stat(NO_SUCH_KEY);
          if (bytes === undefined) free.delete(place.name);
          else free.set(place.name, bytes);
        } catch {
          free.delete(place.name); // the destination itself tells why
        }
      })
    );
  };
  const look = () => (looking ??= lookAll().finally(() => (looking = undefined)));
  void look();
  const timer = setInterval(look, everyMs).unref();
  return { freeBytes: name => free.get(name) ?? null, look, stop: () => clearInterval(timer) };
}
