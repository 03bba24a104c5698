/** Keeps what is costly to make: used by many at once, made once, and forgotten when nobody has wanted it for a while. */
export interface SharedCache<T> {
  /**
   * @param make is called when nothing is kept. Its signal ends a while after all who wait have gone.
   * @throws what `make` throws, or the reason of `signal`
   */
  get(name: string, make: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** @returns what is kept, or being made; undefined: nothing. */
  peek(name: string): Promise<T> | undefined;
  forget(name: string): void;
  forgetAll(isMeant: (name: string) => boolean): void;
  stop(): void;
}

export interface SharedCacheOptions<T> {
  keepBytes: number;
  keepMs: number;
  sizeOf(value: T): number;
  /** How long the making goes on when nobody waits any more: a client may ask again and again instead of waiting. */
  graceMs?: number;
  /** How many are made at once; the others wait. */
  atOnce?: number;
}

interface Kept<T> {
  value: Promise<T>;
  bytes: number;
  waiting: number;
  stop: AbortController;
  isReady: boolean;
  timer: NodeJS.Timeout | undefined;
}

export function sharedCache<T>({
  keepBytes,
  keepMs,
  sizeOf,
  graceMs = 60_000,
  atOnce = 2,
}: SharedCacheOptions<T>): SharedCache<T> {
  /** The one that was used last is last. */
  const all = new Map<string, Kept<T>>();
  const queue: (() => void)[] = [];
  let making = 0;

  const forget = (name: string, kept = all.get(name)): void => {
    if (!kept || all.get(name) !== kept) return;
    clearTimeout(kept.timer);
    all.delete(name);
  };

  const used = (name: string, kept: Kept<T>): void => {
    if (all.get(name) !== kept) return;
    all.delete(name);
    all.set(name, kept);
    clearTimeout(kept.timer);
    kept.timer = setTimeout(() => forget(name, kept), keepMs).unref();
  };

  const giveUp = (kept: Kept<T>): void => {
    if (kept.waiting === 0 && !kept.isReady) kept.stop.abort(new Error('no request waits for it'));
  };

  const makeRoom = (): void => {
    let sum = 0;
    for (const { bytes } of all.values()) sum += bytes;
    for (const [name, kept] of all) {
      if (sum <= keepBytes) return;
      // The newest stays, however big it is: somebody has just asked for it.
      if (!kept.isReady || kept === [...all.values()].at(-1)) continue;
      sum -= kept.bytes;
      forget(name, kept);
    }
  };

  const turn = async (): Promise<void> => {
    if (making >= atOnce) await new Promise<void>(resolve => queue.push(resolve));
    making += 1;
  };
  const endTurn = (): void => {
    making -= 1;
    queue.shift()?.();
  };

  const begin = (name: string, make: (signal: AbortSignal) => Promise<T>): Kept<T> => {
    const stop = new AbortController();
    const value = (async () => {
      try {
        await turn();
        stop.signal.throwIfAborted();
        return await make(stop.signal);
      } finally {
        endTurn();
      }
    })();
    const kept: Kept<T> = { value, bytes: 0, waiting: 0, stop, isReady: false, timer: undefined };
    all.set(name, kept);
    value.then(
      made => {
        kept.isReady = true;
        kept.bytes = sizeOf(made);
        used(name, kept);
        makeRoom();
      },
      () => forget(name, kept)
    );
    return kept;
  };

  return {
    async get(name, make, signal) {
      signal?.throwIfAborted();
      const known = all.get(name);
      const kept = known && !known.stop.signal.aborted ? known : begin(name, make);
      kept.waiting += 1;
      try {
        const value = await orAborted(kept.value, signal);
        used(name, kept);
        return value;
      } finally {
        kept.waiting -= 1;
        if (kept.waiting === 0 && !kept.isReady) {
          clearTimeout(kept.timer);
          kept.timer = setTimeout(() => giveUp(kept), graceMs).unref();
        }
      }
    },
    peek: name => {
      const kept = all.get(name);
      return kept?.isReady ? kept.value : undefined;
    },
    forget: name => forget(name),
    forgetAll(isMeant) {
      for (const name of [...all.keys()]) if (isMeant(name)) forget(name);
    },
    stop() {
      for (const [name, kept] of [...all]) {
        kept.stop.abort(new Error('NKVM is stopping'));
        forget(name, kept);
      }
    },
  };
}

async function orAborted<T>(value: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await value;
  let leave: (() => void) | undefined;
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([value, left]);
  } finally {
    if (leave) signal.removeEventListener('abort', leave);
  }
}
