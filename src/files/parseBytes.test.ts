import { expect, it } from 'vitest';
import { parseBytes } from './parseBytes';

it.each([
  ['300', 300],
  ['1k', 1024],
  ['1.5 KiB', 1536],
  ['2,5M', 2.5 * 1024 ** 2],
  [' 10 GiB ', 10 * 1024 ** 3],
  ['1TB', 1024 ** 4],
  ['', undefined],
  ['many', undefined],
  ['-1', undefined],
  ['1 kg', undefined],
  ['99999999T', undefined],
])('a size of %j is %s bytes', (text, bytes) => expect(parseBytes(text)).toBe(bytes));
