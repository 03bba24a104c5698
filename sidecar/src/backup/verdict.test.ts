import { describe, expect, it } from 'vitest';
import { StageError } from '../errors.ts';
import type { WrittenSeal } from '../helper/seal.ts';
import type { Facts } from './verdict.ts';
import { verdict } from './verdict.ts';

const digest = 'a'.repeat(64);
const whole: WrittenSeal = {
  bytes: 3,
  sha256: digest,
  tarExit: 0,
  compressorExit: 0,
  files: 2,
  rawBytes: 10240,
  fidelity: 'full',
  warnings: [],
};
const sound: Facts = {
  podExit: 0,
  stderr: '',
  own: { bytes: 3, sha256: digest },
  seal: whole,
  entriesBefore: undefined,
};
const sealed = (change: Partial<WrittenSeal>): Partial<Facts> => ({
  seal: { ...whole, ...change },
});

describe('verdict', () => {
  it('publishes when seal and own count agree', () => {
    const { fidelity, warnings: tarMessages, ...counted } = whole;
    expect(verdict(sound)).toEqual({
      seal: {
        ...counted,
        omitted: { sockets: 0, trustedXattrs: 0, attributeFlags: 0, longPaths: 0 },
      },
      warnings: [],
      tarMessages,
      fidelity,
    });
  });

  it.each<[string, Partial<Facts>, string[]]>([
    [
      'a file that changed while it was read',
      sealed({ tarExit: 1, warnings: ['tar: ./a: file changed as we read it'] }),
      ['some files changed while they were read'],
    ],
    [
      'a socket, which tar cannot keep',
      sealed({ warnings: ['tar: ./s: socket ignored'] }),
      ['sockets are not in the archive: 1 of them'],
    ],
    [
      'a volume that held nothing',
      sealed({ files: 1 }),
      ['the volume held no file: if it should, look at its mount, and keep the backup before'],
    ],
    [
      'a tar that keeps less',
      sealed({ fidelity: 'reduced' }),
      [
        'the helper image has no GNU tar: extended attributes, ACLs and holes are not in the archive',
      ],
    ],
  ])('publishes with a warning about %s', (_, seen, warnings) => {
    expect(verdict({ ...sound, ...seen }).warnings).toEqual(warnings);
  });

  it.each<[string, Partial<Facts>, string, string]>([
    [
      'the packing command failed',
      { podExit: 1, stderr: 'oh', seal: undefined },
      'exec',
      'PackFailed',
    ],
    ['the packing command was killed', { podExit: 137, seal: undefined }, 'exec', 'PackKilled'],
    ['the image lacks a tool', { podExit: 127, stderr: 'no tar' }, 'exec', 'PackFailed'],
    ['tar failed', sealed({ tarExit: 2 }), 'exec', 'TarFailed'],
    ['tar was killed', sealed({ tarExit: 137 }), 'exec', 'TarFailed'],
    ['the compressor failed', sealed({ compressorExit: 1 }), 'exec', 'CompressorFailed'],
    [
      'the compressor was killed, and tar had no reader any more',
      sealed({ tarExit: 141, compressorExit: 137 }),
      'exec',
      'CompressorFailed',
    ],
    [
      'the volume is empty, and its backup before is not',
      { ...sealed({ files: 1 }), entriesBefore: 3 },
      'checksum',
      'VolumeEmptied',
    ],
    ['one byte is missing', { own: { bytes: 2, sha256: digest } }, 'checksum', 'DigestDiffers'],
    [
      'one byte differs',
      { own: { bytes: 3, sha256: 'b'.repeat(64) } },
      'checksum',
      'DigestDiffers',
    ],
  ])('refuses when %s', (_, seen, stage, reason) => {
    expect(() => verdict({ ...sound, ...seen })).toThrow(
      expect.objectContaining({ stage, reason, hint: expect.stringMatching(/./) })
    );
    expect(() => verdict({ ...sound, ...seen })).toThrow(StageError);
  });

  it('says how tar itself put it', () => {
    const words = 'tar: ./secret: Cannot open: Permission denied';
    expect(() => verdict({ ...sound, ...sealed({ tarExit: 2, warnings: [words] }) })).toThrow(
      words
    );
  });
});
