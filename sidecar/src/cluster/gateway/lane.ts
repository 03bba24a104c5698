/** A limit on how many calls are under way at once. The rest wait in order. */
export interface Lane {
  /**
   * Waits for a place.
   * @returns what gives the place back; a second call does nothing. @throws the signal's reason.
   */
  enter(signal: AbortSignal): Promise<() => void>;
}

export function lane(places: number): Lane {
  let free = places;
  const waiting = new Set<() => void>();

  const placeTaken = (): (() => void) => {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      free += 1;
      for (const next of waiting) {
        waiting.delete(next);
        next();
        break;
      }
    };
  };

  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return placeTaken();
      }
      return await new Promise((resolve, reject) => {
        const leave = (): void => {
          waiting.delete(next);
          reject(signal.reason);
        };
        const next = (): void => {
          signal.removeEventListener('abort', leave);
          free -= 1;
          resolve(placeTaken());
        };
        signal.addEventListener('abort', leave, { once: true });
        waiting.add(next);
      });
    },
  };
}
