import { describe, expect, it } from 'vitest';
import type { Head } from './bucket.ts';
import { confirmed } from './naming.ts';
import { compositeOf, sha256Of } from './object.ts';
import type { Sent } from './upload.ts';

const held = Buffer.from('archive');
const whole: Sent = { key: 'a', id: 'ours', bytes: 7, held, multipart: undefined };
const checksums = [sha256Of(Buffer.from('arc')), sha256Of(Buffer.from('hive'))];
const inParts: Sent = {
  ...whole,
  held: undefined,
  multipart: {
    uploadId: 'u',
    marker: 'm',
    withChecksums: true,
    parts: checksums.map((ChecksumSHA256, at) => ({ PartNumber: at + 1, ChecksumSHA256 })),
  },
};
const head: Head = { bytes: 7, modifiedAt: new Date(0), id: 'ours', checksum: sha256Of(held) };
const composite = { ...head, checksum: compositeOf(checksums) };

const differs = { stage: 'checksum', reason: 'DigestDiffers' };
const isMissing = { stage: 'checksum', reason: 'ChecksumMissing' };

describe('what a server says of an object', () => {
  it.each<[string, Sent, Head | undefined, 'auto' | 'required' | 'none', 'checksum' | 'size']>([
    ['the same SHA-256', whole, head, 'auto', 'checksum'],
    ['the same SHA-256 of parts', inParts, composite, 'required', 'checksum'],
    [
      'one without its count',
      inParts,
      { ...composite, checksum: compositeOf(checksums).slice(0, -2) },
      'auto',
      'checksum',
    ],
    ['no SHA-256', whole, { ...head, checksum: undefined }, 'auto', 'size'],
    ['no metadata', whole, { ...head, id: undefined }, 'auto', 'checksum'],
    ['a SHA-256 that nobody wants', whole, { ...head, checksum: 'x' }, 'none', 'size'],
  ])('%s', (_, sent, found, mode, level) => {
    expect(confirmed(sent, found, mode, 's3://b/a')).toMatchObject({ level });
  });

  it.each<[string, Sent, Head | undefined, 'auto' | 'required', object]>([
    ['it is not there', whole, undefined, 'auto', differs],
    [
      'it is longer: the framing of chunks was stored',
      whole,
      { ...head, bytes: 93 },
      'auto',
      differs,
    ],
    ['it is another upload', whole, { ...head, id: 'theirs' }, 'auto', differs],
    [
      'it has another SHA-256',
      whole,
      { ...head, checksum: sha256Of(Buffer.from('x')) },
      'auto',
      differs,
    ],
    ['it has another SHA-256 of parts', inParts, head, 'auto', differs],
    [
      'it has no SHA-256, and one is required',
      whole,
      { ...head, checksum: undefined },
      'required',
      isMissing,
    ],
  ])('is refused when %s', (_, sent, found, mode, refusal) => {
    expect(() => confirmed(sent, found, mode, 's3://b/a')).toThrow(
      expect.objectContaining(refusal)
    );
  });
});
