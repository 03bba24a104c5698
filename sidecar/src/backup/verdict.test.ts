import { describe, expect, it } from 'vitest';
import { StageError } from '../errors.ts';
import type { PodSeal } from '../helper/seal.ts';
import type { Facts } from './verdict.ts';
import { verdict } from './verdict.ts';

const digest = 'a'.repeat(64);
const whole: PodSeal = {
  seal: {
    bytes: 3,
    sha256: digest,
    tarExit: 0,
    compressorExit: 0,
    files: 2,
    rawBytes: 10240,
    omitted: { sockets: 0, trustedXattrs: null, attributeFlags: 0, longPaths: 0 },
  },
  tar: { errors: 0, sockets: 0, changed: 0, shrank: 0, removed: 0, attributes: 0 },
  messages: [],
  mountsInside: 0,
  link: { form: 'none', reason: 'none', count: 0, snapshot: null },
  members: { count: 1, sha256: digest },
  index: { bytes: 5, sha256: digest },
  usedBytes: 4096,
  takenForHoles: 0,
  filesystem: 'ext4',
};
const sound: Facts = {
  podExit: 0,
  stderr: '',
  own: { bytes: 3, sha256: digest },
  sealed: whole,
  entriesBefore: undefined,
};
const seal = (change: Partial<PodSeal['seal']>): Partial<Facts> => ({
  sealed: { ...whole, seal: { ...whole.seal, ...change } },
});
const tar = (change: Partial<PodSeal['tar']>, tarExit = 0): Partial<Facts> => ({
  sealed: { ...whole, seal: { ...whole.seal, tarExit }, tar: { ...whole.tar, ...change } },
});
const omitted = (change: Partial<PodSeal['seal']['omitted']>): Partial<Facts> =>
  seal({ omitted: { ...whole.seal.omitted, ...change } });

describe('verdict', () => {
  it('publishes when seal and own count agree', () => {
    expect(verdict(sound)).toEqual({ seal: whole.seal, sealed: whole, warnings: [] });
  });

  it.each<[string, Partial<Facts>, string[]]>([
    ['a file that changed', tar({ changed: 1 }, 1), ['1 file changed while it was read']],
    [
      'files that were cut and removed',
      tar({ shrank: 2, removed: 3 }, 1),
      [
        '2 files became shorter while they were read: zeros fill the gap',
        '3 files were removed before they were read',
      ],
    ],
    [
      'an exit code 1 that nothing explains',
      tar({}, 1),
      ['some files changed while they were read'],
    ],
    ['sockets', omitted({ sockets: 60 }), ['60 sockets were left out: tar keeps none']],
    [
      'flags of chattr',
      omitted({ attributeFlags: 1 }),
      ['flags of 1 entry (chattr) are not in the archive: tar keeps none'],
    ],
    [
      'paths that cannot be extracted',
      omitted({ longPaths: 2 }),
      ['2 entries cannot be extracted: their paths are too long'],
    ],
    [
      'attributes that could not be read',
      tar({ attributes: 2 }),
      ['extended attributes or ACLs could not be read: 2 messages of tar'],
    ],
    [
      'other file systems inside the volume',
      { sealed: { ...whole, mountsInside: 1 } },
      ['1 other file system mounted inside the volume: the files are included'],
    ],
    [
      'other file systems that were left out',
      omitted({ mounts: 2 }),
      [
        '2 other file systems mounted inside the volume were left out: to include them, set nkvm.io/include-mounts: "true" on the claim',
      ],
    ],
    [
      'snapshots of the server',
      omitted({ reserved: 1 }),
      [
        '1 entry of .snapshot, ~snapshot, .zfs or lost+found at the top was left out: to include it, set nkvm.io/include-reserved: "true" on the claim',
      ],
    ],
    [
      'archives of NKVM',
      omitted({ archives: 12, archiveBytes: 3_650_722_202 }),
      [
        '12 files (3.4 GiB) that are archives of NKVM were left out: a destination lies in this volume, so a copy elsewhere is needed; to include them, set nkvm.io/include-archives: "true" on the claim',
      ],
    ],
    [
      'patterns that match nothing',
      seal({ patterns: ['cahce'] }),
      ['nothing in the volume matches nkvm.io/exclude of the claim: check its patterns'],
    ],
    [
      'patterns that match',
      seal({ patterns: ['cache'], omitted: { ...whole.seal.omitted, excluded: 3 } }),
      [],
    ],
    [
      'a volume of which all was left out',
      seal({ files: 1, patterns: ['a'], omitted: { ...whole.seal.omitted, excluded: 3 } }),
      ['the archive holds no file: all that the volume held was left out (3 entries)'],
    ],
    [
      'a volume that held nothing',
      seal({ files: 1 }),
      ['the volume held no file: if it should, look at its mount, and keep the backup before'],
    ],
  ])('publishes with a warning about %s', (_, seen, warnings) => {
    expect(verdict({ ...sound, ...seen }).warnings).toEqual(warnings);
  });

  it.each([
    ['tar: ./ledger: Cannot open: Permission denied', /root_squash, set NKVM_HELPER_RUN_AS_USER/],
    ['tar: ./ledger: Cannot open: Permission denied', /NKVM_HELPER_SELINUX_OPTIONS/],
    ['tar: ./ledger: File shrank by 5 bytes; padding with zeros', /^see tar’s messages/],
    ['tar: ./Permission denied: Cannot stat: Input/output error', /^see tar’s messages/],
  ])('says of “%s” what to do', (message, hint) => {
    const denied = { ...whole, seal: { ...whole.seal, tarExit: 2 }, messages: [message] };
    expect(() => verdict({ ...sound, sealed: denied })).toThrow(
      expect.objectContaining({ reason: 'TarFailed', hint: expect.stringMatching(hint) })
    );
  });

  it.each<[string, Partial<Facts>, string, string]>([
    [
      'the packing command failed',
      { podExit: 1, stderr: 'oh', sealed: undefined },
      'exec',
      'PackFailed',
    ],
    ['the packing command was killed', { podExit: 137, sealed: undefined }, 'exec', 'PackKilled'],
    [
      'the image lacks a tool',
      { podExit: 127, stderr: 'the helper image lacks GNU tar\n' },
      'exec',
      'HelperImageUnfit',
    ],
    ['tar failed', seal({ tarExit: 2 }), 'exec', 'TarFailed'],
    ['tar was killed', seal({ tarExit: 137 }), 'exec', 'TarFailed'],
    [
      'files with data use no block',
      { sealed: { ...whole, takenForHoles: 2 } },
      'exec',
      'DataWithoutBlocks',
    ],
    ['the compressor failed', seal({ compressorExit: 1 }), 'exec', 'CompressorFailed'],
    [
      'the compressor was killed, and tar had no reader any more',
      seal({ tarExit: 141, compressorExit: 137 }),
      'exec',
      'CompressorFailed',
    ],
    [
      'the volume is empty, and its backup before is not',
      { ...seal({ files: 1 }), entriesBefore: 3 },
      'checksum',
      'VolumeEmptied',
    ],
    [
      'all was left out, and the backup before holds files',
      {
        ...seal({ files: 1, omitted: { ...whole.seal.omitted, excluded: 3 } }),
        entriesBefore: 3,
      },
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

  it('counts the entries that tar could not read, and names none of them', () => {
    const messages = ['tar: ./secret: Cannot open: Permission denied'];
    const facts = tar({ errors: 1, sockets: 60 }, 2);
    expect(() => verdict({ ...sound, ...facts, sealed: { ...facts.sealed!, messages } })).toThrow(
      /^tar ended with exit code 2: 1 entry could not be read completely$/
    );
  });
});
