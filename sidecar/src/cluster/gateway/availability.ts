import { setTimeout as sleep } from 'node:timers/promises';

/** Whether the API server can be used now. */
export interface Availability {
  /** True from the first sign that the API server is unavailable until it has answered again. */
  isAway(): boolean;
  /** Why it is unavailable; undefined while it is not. */
  reason(): string | undefined;
  /** Resolves at once when it is not away. @throws the signal's reason. */
  untilBack(signal: AbortSignal): Promise<void>;
  /** @param listener is called with each change. @returns what ends the calls. */
  onChange(listener: (isAway: boolean) => void): () => void;
}

/** The side that learns from calls. */
export interface AvailabilityKeeper extends Availability {
  /** A call has met a sign that the API server is unavailable. */
  suspect(why: string): void;
  /** A write went through: there is no better proof that the API server works. */
  wrote(): void;
  /** Ends the probes. */
  stop(): void;
}

export interface AvailabilityOptions {
  /** Asks the API server whether it is ready. @throws Error that says why it is not. */
  probe(): Promise<void>;
  /** Between two probes. */
  pauseMs?: number;
}

/**
 * One failing call is enough to be "away", because a probe follows at once: when the API server is well, that lasts for
 * milliseconds. While it is unavailable it is probed until it answers, so that nothing else has to find out by failing.
 */
export function availability({ probe, pauseMs = 1_000 }: AvailabilityOptions): AvailabilityKeeper {
  const listeners = new Set<(isAway: boolean) => void>();
  const stopping = new AbortController();
  let reason: string | undefined;
  /** Counts the absences, so that a probe of an earlier one says nothing about a later one. */
  let absence = 0;

  const tell = (isAway: boolean): void => [...listeners].forEach(listener => listener(isAway));
  const isBack = (): void => {
    if (reason === undefined) return;
    reason = undefined;
    absence += 1;
    tell(false);
  };

  const probeUntilBack = async (): Promise<void> => {
    const ours = absence;
    while (absence === ours && !stopping.signal.aborted) {
      try {
        await probe();
        if (absence === ours) isBack();
        return;
      } catch (error) {
        if (absence === ours) reason = error instanceof Error ? error.message : String(error);
      }
      await sleep(pauseMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
    }
  };

  return {
    isAway: () => reason !== undefined,
    reason: () => reason,
    untilBack(signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (reason === undefined) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const listener = (isAway: boolean): void => {
          if (isAway) return;
          end();
          resolve();
        };
        const leave = (): void => {
          end();
          reject(signal.reason);
        };
        const end = (): void => {
          listeners.delete(listener);
          signal.removeEventListener('abort', leave);
        };
        listeners.add(listener);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    suspect(why) {
      if (reason !== undefined || stopping.signal.aborted) return;
      reason = why;
      tell(true);
      probeUntilBack().catch(() => undefined); // a listener that throws must not end the process
    },
    wrote: isBack,
    stop: () => stopping.abort(),
  };
}
