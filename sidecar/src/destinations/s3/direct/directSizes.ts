import { partBytes } from '../partSizes.ts';

/** Fewer and bigger requests than for uploads of NKVM itself: a helper pod sends one archive only. */
const SMALLEST = 16 * 1024 ** 2;

/** A helper pod holds at least two parts, within its memory limit. */
const BIGGEST = 64 * 1024 ** 2;

/** `partBytes` grows at these numbers. */
const STEPS = [1, 5_001, 6_001, 7_001, 8_001, 9_001];

/**
 * @param expectedBytes of the archive; undefined or too small where nobody knew
 * @returns the sizes of the parts of a direct upload, by their numbers; undefined when they would not fit into the memory of a
 *   helper pod
 */
export function directSizes(
  expectedBytes: number | undefined
): { from: number; bytes: number }[] | undefined {
  if (partBytes(expectedBytes, 1) > BIGGEST) return undefined;
  return STEPS.map(from => ({
    from,
    bytes: Math.min(BIGGEST, Math.max(SMALLEST, partBytes(expectedBytes, from))),
  }));
}
