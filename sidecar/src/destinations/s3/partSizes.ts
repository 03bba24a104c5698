/** The smallest part that S3 takes, except for the last one of an upload, is 5 MiB. */
const SMALLEST = 8 * 1024 ** 2;
const BIGGEST = 5 * 1024 ** 3;
const MiB = 1024 ** 2;

export const MAX_PARTS = 10_000;

/** So many parts have the same size; what was expected fits into them. */
const EQUAL_PARTS = 5_000;
/** After that, parts become twice as big each time so many have been sent. */
const DOUBLE_EVERY = 1_000;

/** So much of one archive may be on its way at once, beside the part that is being filled. */
const IN_FLIGHT_BYTES = 64 * MiB;
const IN_FLIGHT_PARTS = 3;

/**
 * Chooses the size of the next part. All have one size while the archive is not bigger than expected, because some
 * servers ask for that; then they grow, so that 10,000 parts suffice for more than ten times of what was expected.
 * @param expectedBytes undefined or too small where nobody knew
 * @param number of the part, from 1
 */
export function partBytes(expectedBytes: number | undefined, number: number): number {
  const equal = Math.ceil((expectedBytes ?? 0) / EQUAL_PARTS / MiB) * MiB;
  const first = Math.max(SMALLEST, equal);
  const doubled = Math.max(0, Math.ceil((number - EQUAL_PARTS) / DOUBLE_EVERY));
  return Math.min(BIGGEST, first * 2 ** doubled);
}

/** @returns how many parts of that size are sent at once. */
export const partsInFlight = (bytes: number): number =>
  Math.max(1, Math.min(IN_FLIGHT_PARTS, Math.floor(IN_FLIGHT_BYTES / bytes)));
