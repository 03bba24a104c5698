import { expect, it } from 'vitest';
import { neededBytesOf } from './plannedSource.ts';

it.each([
  ['nothing is known', { usedBytes: null, rawBytes: null, files: null }, null],
  [
    'an older manifest does not say what was allocated',
    { usedBytes: null, rawBytes: 9_000, files: 2 },
    9_000,
  ],
  ['small files fill a block each', { usedBytes: 40_960, rawBytes: 20_480, files: 10 }, 40_960],
  ['the file system compresses', { usedBytes: 4_096, rawBytes: 103_072, files: 2 }, 100_000],
  ['nothing but empty files', { usedBytes: 0, rawBytes: 1_536_000, files: 1_000 }, 0],
])('what an archive needs where %s', (_, known, bytes) => {
  expect(neededBytesOf(known)).toBe(bytes);
});
