/**
 * Conditions that a helper pod can wait for until it is ready:
 * - `node`: a node that has room and reaches the volume,
 * - `volume`: its volume is attached and mounted,
 * - `image`: its image is pulled,
 * - `start`: everything else, e.g. the kubelet, the network of the pod, an API server that does not answer.
 */
export type WaitCause = 'node' | 'volume' | 'image' | 'start';

/** Milliseconds that a helper pod may wait for each. They are counted one by one: a node that came late leaves time for the volume. */
export type WaitLimits = Readonly<Record<WaitCause, number>>;

/** The setting of each limit. */
export const WAIT_SETTINGS: Readonly<Record<WaitCause, string>> = {
  node: 'NKVM_HELPER_NODE_TIMEOUT_SECONDS',
  volume: 'NKVM_HELPER_VOLUME_TIMEOUT_SECONDS',
  image: 'NKVM_HELPER_IMAGE_TIMEOUT_SECONDS',
  start: 'NKVM_HELPER_POD_TIMEOUT_SECONDS',
};

/** @returns limits that are all the same. */
export const sameLimits = (ms: number): WaitLimits => ({
  node: ms,
  volume: ms,
  image: ms,
  start: ms,
});

/** @returns how long a pod can wait in total. */
export const longestWaitMs = ({ node, volume, image, start }: WaitLimits): number =>
  node + volume + image + start;

/** Counts how long each cause was waited for. */
export interface WaitClock {
  /**
   * Adds the time since the last call to `cause`.
   * @param limitMs of this moment, where it is shorter than that of the cause
   * @returns the limit in milliseconds, once it is reached
   */
  spend(cause: WaitCause, limitMs?: number): number | undefined;
}

/** @param now in milliseconds, never going back */
export function waitClock(limits: WaitLimits, now: () => number): WaitClock {
  const spent: Record<WaitCause, number> = { node: 0, volume: 0, image: 0, start: 0 };
  let last = now();
  return {
    spend(cause, limitMs = Infinity) {
      const at = now();
      spent[cause] += at - last;
      last = at;
      const limit = Math.min(limits[cause], limitMs);
      return spent[cause] >= limit ? limit : undefined;
    },
  };
}
