import { expect, it } from 'vitest';
import { sizeText } from './size.ts';

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [200 * 2 ** 20, '200 MiB'],
  [2 ** 60, '1024 PiB'],
])('writes %d bytes as %s', (bytes, words) => expect(sizeText(bytes)).toBe(words));
