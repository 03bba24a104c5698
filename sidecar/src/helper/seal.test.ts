import { describe, expect, it } from 'vitest';
import { StageError } from '../errors.ts';
import { readSeal } from './seal.ts';

const digest = '01'.repeat(32);
const list = '02'.repeat(32);
const whole = `nkvm-seal 6
bytes=42
sha256=${digest}
members=160000
membersSha256=${list}
tarExit=1
compressorExit=0
files=3
longPaths=1
index=whole
indexBytes=15000000
indexSha256=${digest}
attributeFlags=2
usedBytes=4096
holes=0
filesystem=ext2/ext3
mountsInside=0
mounts=0
reserved=0
excluded=0
archives=0
archiveBytes=0
chain=none
chainReason=none
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
      link: { form: 'none', reason: 'none', count: 0, snapshot: null },
      members: { count: 160_000, sha256: list },
      index: { bytes: 15_000_000, sha256: digest },
      usedBytes: 4096,
      takenForHoles: 0,
      filesystem: 'ext2/ext3',
    });
  });

  it('does not take flags that nothing counted for none', () => {
    const { seal } = readSeal(whole.replace('attributeFlags=2', 'attributeFlags=unknown'));
    expect(seal.omitted.attributeFlags).toBe(null);
  });

  it.each([
    ['too big', /index=whole\nindexBytes.*\nindexSha256.*/, 'index=too-big', 'too-big'],
    ['failed', /index=whole\nindexBytes.*\nindexSha256.*/, 'index=failed', 'failed'],
    ['without a digest', /indexSha256.*\n/, '', 'failed'],
  ])('knows that there is no index: %s', (_, lines, instead, index) => {
    expect(readSeal(whole.replace(lines, instead)).index).toBe(index);
  });

  it('does not know what the helper image could not tell', () => {
    const unknown = whole
      .replace('usedBytes=4096', 'usedBytes=unknown')
      .replace('ext2/ext3', 'unknown');
    expect(readSeal(unknown)).toMatchObject({ usedBytes: null, filesystem: null });
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
    ['another version', whole.replace('seal 6', 'seal 5')],
    ['a hash that is too short', whole.replace(digest, 'abc')],
    ['no count', whole.replace('bytes=42', 'bytes=')],
    ['no count of flags', whole.replace('attributeFlags=2', 'attributeFlags=')],
    ['a negative count', whole.replace('bytes=42', 'bytes=-1')],
    ['an unknown field', whole.replace('files=3', 'files=3\nmore=1')],
  ])('refuses %s', (_, text) => {
    expect(() => readSeal(text)).toThrow(StageError);
  });
});
