import { describe, expect, it } from 'vitest';
import type { UnpackFacts } from './unpackOutcome.ts';
import { unpackOutcome } from './unpackOutcome.ts';

const digest = { bytes: 10, sha256: 'a'.repeat(64) };
const comparison = {
  entries: 2,
  bytes: 3,
  differences: 0,
  examples: [],
  notRestored: [],
  leftOver: 0,
};
const sound: UnpackFacts['result'] = {
  version: 1,
  refused: null,
  received: digest,
  decompressorExit: 0,
  tarExit: 0,
  packExit: 0,
  entries: 2,
  rawBytes: 10_240,
  replaced: 0,
  deleted: 0,
  errors: 0,
  messages: [],
  leftOverNames: [],
  comparison,
};
type Seen = Partial<UnpackFacts['result']> & Partial<Pick<UnpackFacts, 'sent' | 'expectedSha256'>>;
const outcome = ({ sent = digest, expectedSha256, ...result }: Seen) =>
  unpackOutcome({
    sent,
    expectedSha256,
    result: { ...sound, ...result },
    where: 'helper pod shop/x',
  });
const said = (...messages: string[]): Seen => ({ errors: messages.length, messages, tarExit: 2 });
const refused = { message: 'a name leads upwards', entry: '../x', hasWritten: false };

describe('unpackOutcome', () => {
  it.each<[string, Seen]>([
    ['all agrees', {}],
    ['the archive is the one that was made', { expectedSha256: digest.sha256 }],
    ['tar could not set attributes, and said nothing else', { tarExit: 2 }],
    ['a file changed while the volume was read again: the comparison decides', { packExit: 1 }],
    [
      'the comparison found differences: the caller decides',
      { comparison: { ...comparison, differences: 1 } },
    ],
  ])('reports what was done when %s', (_, seen) =>
    expect(outcome(seen)).toMatchObject({ sent: digest, entries: 2 })
  );

  it.each<[string, Seen, string]>([
    ['less arrived', { received: { ...digest, bytes: 9 } }, 'ReceivedDiffers'],
    ['something else arrived', { received: { ...digest, sha256: 'b' } }, 'ReceivedDiffers'],
    [
      'less arrived, and looked like a short archive',
      {
        received: { ...digest, bytes: 9 },
        refused: { ...refused, reason: 'ArchiveTruncated' },
        comparison: null,
      },
      'ReceivedDiffers',
    ],
    ['nothing tells what arrived', { received: null }, 'ReceivedDiffers'],
    ['the archive is another one', { expectedSha256: 'c' }, 'ArchiveNotAsSealed'],
    [
      'an entry was refused',
      { refused: { ...refused, reason: 'ArchiveHostile' } },
      'ArchiveHostile',
    ],
    ['a newer helper refused something', { refused: { ...refused, reason: 'New' } }, 'New'],
    ['gzip was not complete', { decompressorExit: 1 }, 'ArchiveDamaged'],
    ['the decompressor never came to its end', { decompressorExit: null }, 'ArchiveDamaged'],
    ['the disk is full', said('tar: a: Cannot write: No space left on device'), 'VolumeFull'],
    ['the quota is used up', said('tar: a: Cannot open: Disk quota exceeded'), 'VolumeFull'],
    ['the disk is full within a file', said('tar: a: Wrote only 1 of 10 bytes'), 'VolumeFull'],
    ['a part is read-only', said('tar: a: Cannot mkdir: Read-only file system'), 'VolumeReadOnly'],
    ['the disk is broken', said('tar: a: Cannot write: Input/output error'), 'VolumeBroken'],
    ['tar said something else', said('tar: a: Cannot open: Is a directory'), 'ExtractFailed'],
    ['tar was killed', { tarExit: 137 }, 'ExtractFailed'],
    ['tar was never seen to end', { tarExit: null }, 'ExtractFailed'],
    ['the volume could not be read again', { packExit: 2 }, 'CompareFailed'],
    ['nothing was compared', { comparison: null, packExit: null }, 'CompareFailed'],
  ])('fails when %s', (_, seen, reason) => {
    expect(() => outcome(seen)).toThrow(expect.objectContaining({ reason }));
  });

  it.each([
    [
      'tar: a: Cannot open: Permission denied',
      'needs-action',
      /root_squash, set NKVM_HELPER_RUN_AS/,
    ],
    ['tar: a: Cannot open: Is a directory', 'unknown', /^see tar’s messages for the names/],
  ])('after %s is %s, with a hint', (line, failureClass, hint) => {
    expect(() => outcome(said(line))).toThrow(
      expect.objectContaining({
        class: failureClass,
        reason: 'ExtractFailed',
        hint: expect.stringMatching(hint),
      })
    );
  });

  it('names files in details, and never in the message', () => {
    const failure = (seen: Seen): Error & { details: string[] } => {
      try {
        outcome(seen);
      } catch (error) {
        return error as Error & { details: string[] };
      }
      throw new Error('it did not fail');
    };
    const hostile = failure({ refused: { ...refused, reason: 'ArchiveHostile' } });
    expect(hostile.details).toEqual(['../x']);
    const full = failure(said('tar: secret: Cannot write: No space left on device'));
    expect(full.details).toHaveLength(1);
    for (const { message } of [hostile, full]) expect(message).not.toMatch(/secret|\.\.\/x/);
  });
});
