import type { Keys } from '../../archive/age/wrap.ts';

/** Keys of files that are kept for a destination; one takes about 200 bytes with its name. */
const MOST_FILE_KEYS = 4_096;

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
}

export function keyRing(): KeyRing {
  const places = new Map<string, Held>();
  const heldOf = (place: string): Held => {
    const known = places.get(place);
    if (known) return known;
    const held = {
      given: { identities: [], passphrases: [] },
      fileKeys: new Map<string, Buffer>(),
    };
    places.set(place, held);
    return held;
  };
  return {
    of: place => ({
      given: () => heldOf(place).given,
      fileKey: key => heldOf(place).fileKeys.get(key),
      keep(key, fileKey) {
        const { fileKeys } = heldOf(place);
        fileKeys.delete(key); // the newest is last
        fileKeys.set(key, fileKey);
        const [oldest] = fileKeys.keys();
        if (fileKeys.size > MOST_FILE_KEYS && oldest !== undefined) fileKeys.delete(oldest);
      },
      forget: key => void heldOf(place).fileKeys.delete(key),
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
