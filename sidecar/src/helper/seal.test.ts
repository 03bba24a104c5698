import { describe, expect, it } from 'vitest';
import { StageError } from '../errors.ts';
import { readSeal } from './seal.ts';

const digest = '01'.repeat(32);
const whole = `nkvm-seal 2
bytes=42
sha256=${digest}
tarExit=1
compressorExit=0
files=3
longPaths=1
attributeFlags=2
mountsInside=0
rawBytes=10240
errors=0
sockets=1
changed=1
shrank=0
removed=0
attributes=0

tar: ./log: file changed as we read it
tar: ./a=b: socket ignored
`;

describe('readSeal', () => {
  it('reads numbers, hash and tar’s messages', () => {
    expect(readSeal(whole)).toEqual({
      seal: {
        bytes: 42,
        sha256: digest,
        tarExit: 1,
        compressorExit: 0,
        files: 3,
        rawBytes: 10240,
        omitted: { sockets: 1, trustedXattrs: null, attributeFlags: 2, longPaths: 1 },
      },
      tar: { errors: 0, sockets: 1, changed: 1, shrank: 0, removed: 0, attributes: 0 },
      messages: ['tar: ./log: file changed as we read it', 'tar: ./a=b: socket ignored'],
      mountsInside: 0,
    });
  });

  it('does not take flags that nothing counted for none', () => {
    const { seal } = readSeal(whole.replace('attributeFlags=2', 'attributeFlags=unknown'));
    expect(seal.omitted.attributeFlags).toBe(null);
  });

  it('reads the hash of the tar, also one of digits only', () => {
    const digits = '7'.repeat(64);
    expect(readSeal(whole.replace('tarExit', `rawSha256=${digits}\ntarExit`)).seal.rawSha256).toBe(
      digits
    );
  });

  it.each([
    ['nothing', ''],
    ['a cut in the middle', whole.slice(0, 60)],
    ['another version', whole.replace('seal 2', 'seal 1')],
    ['a hash that is too short', whole.replace(digest, 'abc')],
    ['no count', whole.replace('bytes=42', 'bytes=')],
    ['no count of flags', whole.replace('attributeFlags=2', 'attributeFlags=')],
    ['a negative count', whole.replace('bytes=42', 'bytes=-1')],
    ['an unknown field', whole.replace('files=3', 'files=3\nmore=1')],
  ])('refuses %s', (_, text) => {
    expect(() => readSeal(text)).toThrow(StageError);
  });
});
