import { expect, it } from 'vitest';
import { directSizes } from './directSizes.ts';

const GiB = 1024 ** 3;
const MiB = 1024 ** 2;

it.each<[string, number | undefined, number]>([
  ['of unknown size', undefined, 16],
  ['of 1 GiB', GiB, 16],
  ['of 100 GiB', 100 * GiB, 21],
  ['of 300 GiB', 300 * GiB, 62],
])(
  'an archive %s begins with equal parts, which all fit into the memory of a helper',
  (_, bytes, first) => {
    const sizes = directSizes(bytes) ?? [];
    expect(sizes[0]).toEqual({ from: 1, bytes: first * MiB });
    expect(sizes.every(size => size.bytes <= 64 * MiB)).toBe(true);
    expect(sizes[1]).toMatchObject({ from: 5001 });
  }
);

it('has no size for a volume whose parts would be bigger', () => {
  expect(directSizes(1024 * GiB)).toBeUndefined();
});
