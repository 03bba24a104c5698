import type { Destination } from '../destination.ts';

/** Which archives are being read, e.g. by a download, or by a person who browses files. */
export interface Reading {
  /** @returns the same destination for the same one, with each of its streams counted. */
  of(destination: Destination): Destination;
  /** @returns whether a stream of the archive is open, or one was open not long ago: a reader opens several. */
  isRead(destination: string, key: string): boolean;
}

/** How long after the last stream an archive counts as read. */
const AFTER_MS = 10 * 60_000;

export function readingOf(now: () => number = () => performance.now()): Reading {
  const counted = new WeakMap<Destination, Destination>();
  /** By destination and key. */
  const readers = new Map<string, { open: number; at: number }>();
  const nameOf = (destination: string, key: string) => `${destination} ${key}`;

  const begins = (name: string): (() => void) => {
    const reader = readers.get(name) ?? { open: 0, at: 0 };
    readers.set(name, reader);
    reader.open += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      reader.open -= 1;
      reader.at = now();
      for (const [one, { open, at }] of readers)
        if (open === 0 && now() - at > AFTER_MS) readers.delete(one);
    };
  };

  return {
    of(destination) {
      const known = counted.get(destination);
      if (known) return known;
      const wrapped: Destination = {
        ...destination,
        async open(key, call) {
          const ends = begins(nameOf(destination.id, key));
          try {
            const body = await destination.open(key, call);
            body.once('close', ends);
            return body;
          } catch (error) {
            ends();
            throw error;
          }
        },
      };
      counted.set(destination, wrapped);
      counted.set(wrapped, wrapped);
      return wrapped;
    },
    isRead(destination, key) {
      const reader = readers.get(nameOf(destination, key));
      return reader !== undefined && (reader.open > 0 || now() - reader.at <= AFTER_MS);
    },
  };
}
