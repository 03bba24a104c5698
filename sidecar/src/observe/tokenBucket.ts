/** How often something may happen: `burst` times at once, then once in `everyMs`. */
export interface Rate {
  burst: number;
  everyMs: number;
}

/** @returns what takes one token of a bucket, where there is one. @param now in milliseconds, never going back. */
export function tokenBucket({ burst, everyMs }: Rate, now: () => number): () => boolean {
  let tokens = burst;
  let at = now();
  return () => {
    const seen = now();
    tokens = Math.min(burst, tokens + (seen - at) / everyMs);
    at = seen;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/**
 * Limits what happens to each of many things, and to all of them together.
 * @param each of one thing; of no more than `mostKeys` things at once, the longest untouched is forgotten first.
 * @returns what says whether it may happen to `key` now.
 */
export function rateLimit(
  each: Rate,
  all: Rate,
  now: () => number,
  mostKeys = 10_000
): (key: string) => boolean {
  const buckets = new Map<string, () => boolean>();
  const takeOfAll = tokenBucket(all, now);
  return key => {
    const take = buckets.get(key) ?? tokenBucket(each, now);
    buckets.delete(key);
    buckets.set(key, take); // a Map keeps the order of insertion: the newest is last
    const oldest = buckets.keys().next();
    if (buckets.size > mostKeys && !oldest.done) buckets.delete(oldest.value);
    return take() && takeOfAll();
  };
}
