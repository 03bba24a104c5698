export interface Sample {
  atMs: number;
  bytes: number;
}

/** Long enough to be calm, short enough to show a stall. */
const WINDOW_MS = 5_000;

/** @returns `samples` with `next`, without those that are too old; only `next` when the count began again. */
export function withSample(samples: Sample[], next: Sample): Sample[] {
  const last = samples.at(-1);
  if (last && next.bytes < last.bytes) return [next];
  return [...samples.filter(({ atMs }) => next.atMs - atMs <= WINDOW_MS), next];
}

/** @returns bytes per second over the samples; undefined while there are too few. */
export function rateOf(samples: Sample[]): number | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last || last.atMs - first.atMs < 500) return undefined;
  return ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs);
}
