const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

/** Fewer and bigger requests than for uploads of NKVM itself: a helper pod sends one archive only. */
const SMALLEST = 16 * MiB;

/** Of S3. */
const BIGGEST = 5 * GiB;

/** So many parts have the same size; what was expected fits into them. */
const EQUAL_PARTS = 7_000;

/** From these numbers on, parts are so many times as big: 10,000 parts suffice for three times of what was expected. */
const GROWTH = [
  [EQUAL_PARTS + 1, 2],
  [8_001, 4],
  [9_001, 8],
] as const;

/** Sizes of the parts of a direct upload. */
export interface DirectSizes {
  /** Parts from this number on have so many bytes. */
  partSizes: { from: number; bytes: number }[];
  /** Biggest part of an archive that is not bigger than expected. */
  expectedPart: number;
}

/**
 * The first part is small: it shows whether the storage takes the archive, and until then it is kept in case that the archive
 * must go another way.
 * @param expectedBytes of the archive; undefined or too small where nobody knew
 */
export function directSizes(expectedBytes = 0): DirectSizes {
  const equal = Math.ceil(expectedBytes / EQUAL_PARTS / MiB) * MiB;
  const expectedPart = Math.min(BIGGEST, Math.max(SMALLEST, equal));
  const grown = GROWTH.map(([from, times]) => ({
    from,
    bytes: Math.min(BIGGEST, expectedPart * times),
  }));
  return {
    partSizes: [{ from: 1, bytes: SMALLEST }, { from: 2, bytes: expectedPart }, ...grown],
    expectedPart,
  };
}
