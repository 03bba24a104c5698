import type { Keys } from '../../archive/age/wrap.ts';

/** Keys of files that are kept for a destination; one takes about 200 bytes with its name. */
const MOST_FILE_KEYS = 4_096;
/** The same of snapshot files: the newest one of each volume is needed for its next increment. */
const MOST_BASE_KEYS = 16_384;

/** The keys that decrypt archives at one destination. */
export interface PlaceKeys {
  /** The keys that a person has given, or nothing. The same object until they change. */
  given(): Keys;
  /**
   * The key of one file: NKVM has it of what it encrypted since it started, and of what it has opened. So that a check or a
   * drill right after a backup needs no secret key.
   */
  fileKey(key: string): Buffer | undefined;
  keep(key: string, fileKey: Buffer): void;
  /**
   * The key of a snapshot file that NKVM has encrypted for `whom` since it started. No other opens one: increments would be made on
   * archives that nobody among those can read whom archives are encrypted for now. A file does not show for which public keys it
   * is.
   */
  baseKey(key: string, whom: string): Buffer | undefined;
  keepBase(key: string, fileKey: Buffer, whom: string): void;
  forget(key: string): void;
}

/** Secret keys in memory, by the name of the destination. They are nowhere else, and gone when the process ends. */
export interface KeyRing {
  of(place: string): PlaceKeys;
  /** Adds keys to those that are there. */
  unlock(place: string, keys: Keys): void;
  /** Forgets every key, those of single files as well. */
  lock(place: string): void;
  /** Whether a person has given a key. */
  isUnlocked(place: string): boolean;
}

interface Held {
  given: Keys;
  fileKeys: Map<string, Buffer>;
  baseKeys: Map<string, { fileKey: Buffer; whom: string }>;
}

export function keyRing(): KeyRing {
  const places = new Map<string, Held>();
  const heldOf = (place: string): Held => {
    const known = places.get(place);
    if (known) return known;
    const held: Held = {
      given: { identities: [], passphrases: [] },
      fileKeys: new Map(),
      baseKeys: new Map(),
    };
    places.set(place, held);
    return held;
  };
  return {
    of: place => ({
      given: () => heldOf(place).given,
      fileKey: key => heldOf(place).fileKeys.get(key),
      keep: (key, fileKey) => keepNewest(heldOf(place).fileKeys, key, fileKey, MOST_FILE_KEYS),
      baseKey(key, whom) {
        const base = heldOf(place).baseKeys.get(key);
        return base?.whom === whom ? base.fileKey : undefined;
      },
      keepBase: (key, fileKey, whom) =>
        keepNewest(heldOf(place).baseKeys, key, { fileKey, whom }, MOST_BASE_KEYS),
      forget(key) {
        heldOf(place).fileKeys.delete(key);
        heldOf(place).baseKeys.delete(key);
      },
    }),
    unlock(place, { identities, passphrases }) {
      const held = heldOf(place);
      const isNew = ({ secretKey }: Keys['identities'][number]) =>
        !held.given.identities.some(known => known.secretKey.equals(secretKey));
      held.given = {
        identities: [...held.given.identities, ...identities.filter(isNew)],
        passphrases: [...new Set([...held.given.passphrases, ...passphrases])],
      };
    },
    lock: place => void places.delete(place),
    isUnlocked(place) {
      const { identities, passphrases } = heldOf(place).given;
      return identities.length + passphrases.length > 0;
    },
  };
}

function keepNewest<T>(kept: Map<string, T>, key: string, one: T, most: number): void {
  kept.delete(key); // the newest is last
  kept.set(key, one);
  const [oldest] = kept.keys();
  if (kept.size > most && oldest !== undefined) kept.delete(oldest);
}
