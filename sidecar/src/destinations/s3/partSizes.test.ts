import { describe, expect, it } from 'vitest';
import { MAX_PARTS, partBytes, partsInFlight } from './partSizes.ts';

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;
const TiB = 1024 ** 4;

/** What fits into 10,000 parts, and the biggest of them up to `bytes`. */
function fits(expectedBytes: number | undefined, bytes = Infinity) {
  let sum = 0;
  let biggest = 0;
  for (let number = 1; number <= MAX_PARTS && sum < bytes; number += 1) {
    biggest = partBytes(expectedBytes, number);
    sum += biggest;
  }
  return { sum, biggest };
}

describe('parts of an upload', () => {
  it.each([undefined, 0, 1, 40 * GiB, 100 * GiB, TiB])(
    'suffice for ten times of %s bytes',
    expected => expect(fits(expected).sum).toBeGreaterThan(10 * (expected ?? 0))
  );

  it('suffice for 500 GiB when nobody knew a size', () => {
    expect(fits(undefined).sum).toBeGreaterThan(500 * GiB);
  });

  it.each([
    [0, 8],
    [39 * GiB, 8],
    [100 * GiB, 21],
    [TiB, 210],
  ])('all have one size while %i bytes were expected and no more come', (expected, mebibytes) => {
    expect(partBytes(expected, 1)).toBe(mebibytes * MiB);
    expect(fits(expected, expected).biggest).toBeLessThanOrEqual(mebibytes * MiB);
    expect(partBytes(expected, 5_000)).toBe(mebibytes * MiB);
    expect(partBytes(expected, 5_001)).toBe(2 * mebibytes * MiB);
  });

  it('are never bigger than S3 takes', () => {
    expect(partBytes(100 * TiB, 10_000)).toBe(5 * GiB);
  });

  it.each([
    [8, 3],
    [16, 3],
    [32, 2],
    [64, 1],
    [210, 1],
  ])('of %i MiB are sent %i at once', (mebibytes, atOnce) =>
    expect(partsInFlight(mebibytes * MiB)).toBe(atOnce)
  );
});
