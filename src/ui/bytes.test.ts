import { expect, it } from 'vitest';
import { formatBytes, formatExactBytes } from './bytes';

it.each([
  [0, '0 B'],
  [1, '1 B'],
  [1023, '1,023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [150 * 1024 ** 2, '150 MiB'],
  [10 * 1024 ** 3, '10 GiB'],
  [2 ** 60, '1,024 PiB'],
])('writes %d bytes as %s', (bytes, expected) => expect(formatBytes(bytes, 'en')).toBe(expected));

it.each([
  [193, '193 B'],
  [1536, '1.5 KiB (1,536 B)'],
])('writes exactly %d bytes as %s', (bytes, expected) => {
  expect(formatExactBytes(bytes, 'en')).toBe(expected);
});

it('writes numbers as the language does', () => {
  expect(formatBytes(1536, 'de')).toBe('1,5 KiB');
});
