import { describe, expect, it } from 'vitest';
import { StageError } from '../errors.ts';
import { readSeal } from './seal.ts';

const digest = '01'.repeat(32);
const whole = `nkvm-seal 1
bytes=42
sha256=${digest}
tarExit=1
compressorExit=0
files=3
rawBytes=10240
fidelity=full

tar: ./log: file changed as we read it
tar: ./a=b: socket ignored
`;

describe('readSeal', () => {
  it('reads numbers, hash and tar’s words', () => {
    expect(readSeal(whole)).toEqual({
      bytes: 42,
      sha256: digest,
      tarExit: 1,
      compressorExit: 0,
      files: 3,
      rawBytes: 10240,
      fidelity: 'full',
      warnings: ['tar: ./log: file changed as we read it', 'tar: ./a=b: socket ignored'],
    });
  });

  it.each([
    ['nothing', ''],
    ['a cut in the middle', whole.slice(0, 60)],
    ['another version', whole.replace('seal 1', 'seal 2')],
    ['a hash that is too short', whole.replace(digest, 'abc')],
    ['no count', whole.replace('bytes=42', 'bytes=')],
    ['a negative count', whole.replace('bytes=42', 'bytes=-1')],
    ['an unknown field', whole.replace('files=3', 'files=3\nmore=1')],
  ])('refuses %s', (_, text) => {
    expect(() => readSeal(text)).toThrow(StageError);
  });
});
