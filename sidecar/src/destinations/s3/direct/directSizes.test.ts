import { expect, it } from 'vitest';
import { MAX_PARTS } from '../partSizes.ts';
import type { DirectSizes } from './directSizes.ts';
import { directSizes } from './directSizes.ts';

const TiB = 1024 ** 4;
const GiB = 1024 ** 3;
const MiB = 1024 ** 2;

const sizeOf = ({ partSizes }: DirectSizes, number: number): number =>
  partSizes.findLast(({ from }) => from <= number)?.bytes ?? 0;

/** Bytes of the parts from 1 to `last`. */
const sum = (sizes: DirectSizes, last: number): number => {
  let bytes = 0;
  for (let number = 1; number <= last; number++) bytes += sizeOf(sizes, number);
  return bytes;
};

it.each<[string, number | undefined, number]>([
  ['of unknown size', undefined, 16],
  ['of 1 GiB', GiB, 16],
  ['of 100 GiB', 100 * GiB, 16],
  ['of 320 GiB', 320 * GiB, 47],
  ['of 1 TiB', TiB, 150],
  ['of 5 TiB, the biggest object of S3', 5 * TiB, 749],
])('an archive %s has parts that grow with it', (_, bytes, expected) => {
  const sizes = directSizes(bytes);
  expect(sizeOf(sizes, 1)).toBe(16 * MiB);
  expect(sizes.expectedPart).toBe(expected * MiB);
  expect(sizeOf(sizes, 2)).toBe(expected * MiB);
  expect(sizeOf(sizes, 7_000)).toBe(expected * MiB);
  expect(sum(sizes, 7_001)).toBeGreaterThan(bytes ?? 0);
  expect(sum(sizes, MAX_PARTS)).toBeGreaterThan(Math.max(2.8 * (bytes ?? 0), 300 * GiB));
});

it('no part is bigger than S3 takes', () => {
  const { partSizes } = directSizes(100 * TiB);
  expect(Math.max(...partSizes.map(({ bytes }) => bytes))).toBe(5 * GiB);
});
