/** Reasons for which no run starts now, each until it is released. */
export interface Holds {
  /** @param why a sentence for people. @returns what releases it; calling that twice is harmless. */
  hold(why: string): () => void;
  /** @returns the sentences, oldest first; empty: runs may start. */
  reasons(): string[];
}

/** @param onRelease is called when the last hold is released. */
export function holds(onRelease: () => void): Holds {
  const held = new Map<symbol, string>();
  return {
    hold(why) {
      const key = Symbol(why);
      held.set(key, why);
      return () => {
        if (held.delete(key) && held.size === 0) onRelease();
      };
    },
    reasons: () => [...held.values()],
  };
}

/** @returns what holds for as long as it was last called with a reason, and releases when called without one. */
export function holdWhile(hold: Holds['hold']): (why: string | undefined) => void {
  let release: (() => void) | undefined;
  return why => {
    const before = release;
    release = why === undefined ? undefined : hold(why);
    before?.(); // after the new one, so that nothing starts in between
  };
}
