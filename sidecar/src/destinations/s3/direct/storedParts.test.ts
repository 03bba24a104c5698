import { expect, it } from 'vitest';
import type { StoredPart } from './storedParts.ts';
import { agreedParts } from './storedParts.ts';

const part = (number: number, bytes: number, sha256 = `sum-${number}`) => ({
  ...{ number, bytes, sha256 },
});
const sent = { parts: [part(2, 7), part(1, 16)], stored: { bytes: 23, sha256: '' } };
const stored = (number: number, bytes: number, sha256?: string): StoredPart => ({
  ...{ number, bytes, sha256, etag: `"${number}"` },
});
const held = [stored(1, 16, 'sum-1'), stored(2, 7, 'sum-2')];

it('names the parts of the server in their order when all agree', () => {
  expect(agreedParts(sent, held, 's3://b/a')).toEqual([
    { PartNumber: 1, ETag: '"1"', ChecksumSHA256: 'sum-1' },
    { PartNumber: 2, ETag: '"2"', ChecksumSHA256: 'sum-2' },
  ]);
});

it.each<[string, typeof sent, StoredPart[], string]>([
  ['a part is missing', sent, held.slice(1), 'has 1 parts at the server, and 2 were sent'],
  ['there is one more', sent, [...held, stored(3, 1, 'sum-3')], 'has 3 parts'],
  [
    'a part is under another number',
    sent,
    [stored(1, 16, 'sum-1'), stored(3, 7, 'sum-2')],
    'no part 2',
  ],
  ['a size differs', sent, [stored(1, 15, 'sum-1'), stored(2, 7, 'sum-2')], 'of 15 bytes'],
  ['a checksum differs', sent, [stored(1, 16, 'other'), stored(2, 7, 'sum-2')], 'another SHA-256'],
  ['a checksum is missing', sent, [stored(1, 16), stored(2, 7, 'sum-2')], 'without a SHA-256'],
  [
    'the sum is another one',
    { ...sent, stored: { bytes: 24, sha256: '' } },
    held,
    'parts of 23 bytes',
  ],
  [
    'a part was sent twice under different numbers, and one is left out',
    { ...sent, parts: [part(1, 16), part(3, 7)] },
    held,
    'numbers are not 1 to 2',
  ],
])('refuses to complete when %s', (_, said, there, message) => {
  expect(() => agreedParts(said, there, 's3://b/a')).toThrow(
    expect.objectContaining({ reason: 'DigestDiffers', message: expect.stringContaining(message) })
  );
});
