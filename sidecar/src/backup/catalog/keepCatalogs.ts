import type { Destination } from '../../destinations/destination.ts';
import type { WatchedPlaces } from '../../destinations/places/watchPlaces.ts';
import { StageError, textOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { ReadCatalog } from './readCatalog.ts';

/** Facts about a destination since its archives were last listed completely. */
export type KnownCatalog = Partial<Pick<ReadCatalog, 'catalog' | 'volumes' | 'listing'>> & {
  /** Why the last attempt has failed; what is known is older then. */
  problem: StageError | null;
};

/** The catalogs of all destinations. */
export interface Catalogs {
  /** @returns undefined: it was not read yet, nor tried */
  of(name: string): KnownCatalog | undefined;
  /**
   * Reads one now, or waits for the reading that is under way. All manifests that are not in the history are read again, also
   * those that another installation wrote. Never rejects: `of` tells.
   */
  read(name: string): Promise<void>;
  stop(): Promise<void>;
}

export interface CatalogsOptions {
  places: Pick<WatchedPlaces, 'all' | 'get' | 'status' | 'onChange'>;
  /** Takes backups into the history that it does not know. @param isKnown runs whose manifests need not be read again */
  rebuild(
    destination: Destination,
    isKnown: (run: string) => boolean,
    signal: AbortSignal
  ): Promise<void>;
  read(destination: Destination, signal: AbortSignal): Promise<ReadCatalog>;
  log: Pick<Log, 'warn'>;
  now?(): number;
  everyMs?: number;
}

const EVERY_MS = 3_600_000;

/** A destination that works again is read at once, but not more often than this. */
const AGAIN_MS = 60_000;

interface Entry {
  known: KnownCatalog | undefined;
  /** Of the settings with which it was read. */
  version: number;
  triedAt: number;
  /** Runs of other installations, whose manifests need not be read each time. */
  foreign: ReadonlySet<string>;
  reading: Promise<void> | undefined;
}

/** Reads the catalog of each destination at once, after a change of its settings, and every hour. One at a time. */
export function keepCatalogs(options: CatalogsOptions): Catalogs {
  const { places, rebuild, read, log, now = Date.now, everyMs = EVERY_MS } = options;
  const stopping = new AbortController();
  const entries = new Map<string, Entry>();
  let turn = Promise.resolve();

  const readOne = async (name: string, entry: Entry): Promise<void> => {
    stopping.signal.throwIfAborted();
    entry.triedAt = now();
    entry.version = places.status(name)?.version ?? 0;
    const place = places.get(name);
    if (!place) return;
    try {
      const destination = place.use();
      await rebuild(destination, run => entry.foreign.has(run), stopping.signal);
      const { catalog, volumes, foreign, listing } = await read(destination, stopping.signal);
      entry.foreign = foreign;
      entry.known = { catalog, volumes, listing, problem: null };
    } catch (error) {
      if (stopping.signal.aborted) return;
      const problem = error instanceof StageError ? error : unreadable(name, error);
      entry.known = { ...entry.known, problem };
      log.warn({ destination: name }, `catalog of ${name} was not read: ${problem.message}`);
    }
  };

  const start = (name: string, isFull: boolean): Promise<void> => {
    const entry = entries.get(name) ?? newEntry();
    entries.set(name, entry);
    if (entry.reading) return entry.reading;
    if (isFull) entry.foreign = new Set();
    entry.reading = turn
      .then(() => readOne(name, entry))
      .catch(() => undefined)
      .finally(() => {
        entry.reading = undefined;
        if (!stopping.signal.aborted) look(); // its settings may have changed meanwhile
      });
    turn = entry.reading;
    return entry.reading;
  };

  const isDue = (name: string): boolean => {
    const entry = entries.get(name);
    const status = places.status(name);
    if (!status || status.state === 'invalid' || status.state === 'paused') return false;
    if (!entry || entry.version !== status.version) return !entry?.reading;
    const hasFailed = (entry.known?.problem ?? null) !== null && status.state === 'ready';
    return hasFailed && !entry.reading && now() - entry.triedAt >= AGAIN_MS;
  };

  const look = (): void => {
    const names = new Set(places.all().map(({ name }) => name));
    for (const name of entries.keys()) if (!names.has(name)) entries.delete(name);
    for (const name of names) {
      if (!isDue(name)) continue;
      const isOther = (entries.get(name)?.version ?? 0) !== places.status(name)?.version;
      if (isOther) entries.delete(name); // what is known is of another storage
      void start(name, false);
    }
  };
  const stopListening = places.onChange(look);
  look();
  const timer = setInterval(() => {
    for (const { name } of places.all()) void start(name, false);
  }, everyMs).unref();

  return {
    of: name => entries.get(name)?.known,
    read: name => start(name, true),
    async stop() {
      stopListening();
      clearInterval(timer);
      stopping.abort();
      await turn;
    },
  };
}

const newEntry = (): Entry => ({
  known: undefined,
  version: 0,
  triedAt: 0,
  foreign: new Set(),
  reading: undefined,
});

const unreadable = (name: string, error: unknown): StageError =>
  new StageError(
    'checksum',
    'CatalogNotRead',
    `the archives at destination ${name} could not be listed: ${textOf(error)}`,
    'see the log; NKVM tries again within the hour',
    'unknown'
  );
