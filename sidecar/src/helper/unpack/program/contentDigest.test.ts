import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { ContentDigest, contentKey } from './contentDigest.ts';

const PIECE = 4096;
const key = contentKey();
const zeros = (count: number): Buffer => Buffer.alloc(count);
const noise = randomBytes(3 * PIECE + 100);
const digestOf = (...parts: (Buffer | number)[]): string => {
  const digest = new ContentDigest(key);
  for (const part of parts) {
    if (typeof part === 'number') digest.addZeros(part);
    else digest.add(part);
  }
  return digest.end().toString('hex');
};

it.each<[string, (Buffer | number)[], (Buffer | number)[]]>([
  ['a hole and zeros', [10_000], [zeros(10_000)]],
  ['a hole in the middle', [noise, 9_999, noise], [Buffer.concat([noise, zeros(9_999), noise])]],
  ['a hole at the beginning', [8192, noise], [zeros(8192), noise]],
  ['a hole at the end', [noise, 5], [Buffer.concat([noise, zeros(5)])]],
  ['any pieces', [noise.subarray(0, 1), noise.subarray(1, 5000), noise.subarray(5000)], [noise]],
  ['holes in pieces', [1, 4094, 1, 1, noise], [4097, noise]],
])('is the same for %s', (_, one, other) => expect(digestOf(...one)).toBe(digestOf(...other)));

it('tells contents apart by a bit, by length, and by where their zeros are', () => {
  const changed = Buffer.from(noise);
  changed[5000]! ^= 1;
  const all = [
    [noise],
    [changed],
    [noise, 1],
    [noise, PIECE],
    [PIECE, noise],
    [PIECE],
    [2 * PIECE],
    [],
    [zeros(1)],
    [noise.subarray(0, PIECE), PIECE, noise.subarray(PIECE)],
    [noise.subarray(0, 2 * PIECE), PIECE, noise.subarray(2 * PIECE)],
  ].map(parts => digestOf(...parts));
  expect(new Set(all).size).toBe(all.length);
});

it('takes no time for a hole of a terabyte, and can be used again', () => {
  const digest = new ContentDigest(key);
  digest.addZeros(2 ** 40);
  const hole = digest.end().toString('hex');
  digest.add(noise);
  expect(digest.end().toString('hex')).toBe(digestOf(noise));
  expect(hole).not.toBe(digestOf(2 ** 40 - 1));
});
