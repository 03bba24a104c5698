const HOUR_MS = 3_600_000;

/** Direct uploads that did not work are remembered, so that the runs after it take another way at once. */
export interface DirectDoubts {
  /** @returns why uploads from helper pods in this namespace did not work; undefined: they may be tried. */
  of(destination: string, namespace: string): string | undefined;
  /** A NetworkPolicy is for one namespace; so is what is remembered. */
  note(destination: string, namespace: string, why: string): void;
  /** One that worked. */
  clear(destination: string, namespace: string): void;
}

/** @param forMs how long it is remembered; after that, the next run tries again */
export function directDoubts(now: () => number, forMs = HOUR_MS): DirectDoubts {
  const known = new Map<string, { why: string; until: number }>();
  const keyOf = (destination: string, namespace: string) => `${destination}/${namespace}`;
  return {
    of(destination, namespace) {
      const key = keyOf(destination, namespace);
      const doubt = known.get(key);
      if (doubt && doubt.until > now()) return doubt.why;
      known.delete(key);
      return undefined;
    },
    note(destination, namespace, why) {
      known.set(keyOf(destination, namespace), { why, until: now() + forMs });
    },
    clear(destination, namespace) {
      known.delete(keyOf(destination, namespace));
    },
  };
}
