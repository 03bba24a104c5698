import type { Omitted, Seal } from '../../api/index.ts';
import type { Digest } from '../archive/digest.ts';
import { sizeText } from '../destinations/size.ts';
import { StageError } from '../errors.ts';
import type { PodSeal } from '../helper/seal.ts';
import { volumeEmptied } from './emptied.ts';
import { digestText } from './proof.ts';

/** A command that a signal ended has this plus the signal's number for its exit code. */
const SIGNALS = 128;

/** The packing command's exit code when the image lacks a tool. Nothing was read then. */
const UNFIT = 127;

/** Everything that is known of a stream when it has ended. */
export interface Facts {
  /** Exit code of the packing command, as the API server told it. */
  podExit: number;
  /** Last lines of the packing command's standard error. */
  stderr: string;
  /** The pod's own account of the bytes that it sent; missing only if the command failed. */
  sealed: PodSeal | undefined;
  /** The bytes that NKVM received and stored. */
  own: Digest;
  /** Entries in the claim's backup before, where an empty volume would be a surprise. */
  entriesBefore: number | undefined;
}

/**
 * Decides whether an archive may be published. The end of an exec stream proves nothing: it can be cut without an
 * error (kubernetes/kubernetes#60140), so the pod's own count and hash must agree with ours.
 *
 * | fact | verdict |
 * | --- | --- |
 * | the packing command was killed, or failed, or the image lacks a tool | refused at `exec` |
 * | the compressor's exit is not 0, or tar's is above 1 | refused at `exec` |
 * | tar took files with data for holes | refused at `exec`, and packed once more without a search for holes |
 * | bytes or SHA-256 differ | refused at `checksum` |
 * | the archive holds only the volume's own directory, and the backup before holds more | refused at `checksum` |
 * | tar's exit is 1: a file changed while it was read | published, with a warning |
 * | the archive holds only the volume's own directory otherwise | published, with a warning |
 * | something was left out, or cannot be kept or extracted | published, with a warning that counts it |
 * | all agree | published |
 *
 * @returns what the pod said, its seal for the record, and warnings without any path. @throws StageError when it must not
 *   be published.
 */
export function verdict({ podExit, stderr, sealed, own, entriesBefore }: Facts): {
  seal: Seal;
  sealed: PodSeal;
  warnings: string[];
} {
  if (podExit > SIGNALS) {
    throw new StageError(
      'exec',
      'PackKilled',
      `the packing command was killed by signal ${podExit - SIGNALS}`,
      'find out what killed it (memory, a person, the node), then start a new backup',
      'transient'
    );
  }
  if (podExit === UNFIT) {
    throw new StageError(
      'exec',
      'HelperImageUnfit',
      lastLine(stderr),
      'set NKVM_HELPER_IMAGE to the image of this version of NKVM',
      'needs-action'
    );
  }
  if (podExit !== 0 || !sealed) {
    throw new StageError(
      'exec',
      'PackFailed',
      `the packing command ended with exit code ${podExit}: ${lastLine(stderr)}`,
      'see the output of the command above, then start a new backup',
      'unknown'
    );
  }
  const { seal, tar } = sealed;
  // Before tar: without its reader tar is ended by SIGPIPE.
  if (seal.compressorExit !== 0) {
    throw new StageError(
      'exec',
      'CompressorFailed',
      `the compressor in the helper pod ${endText(seal.compressorExit)}`,
      'start a new backup; if it happens again, give helpers more memory with NKVM_HELPER_MEMORY_LIMIT',
      'unknown'
    );
  }
  if (seal.tarExit > 1) {
    throw new StageError(
      'exec',
      'TarFailed',
      `tar ${endText(seal.tarExit)}${
        tar.errors > 0 ? `: ${entries(tar.errors)} could not be read completely` : ''
      }`,
      isDenied(sealed) ? DENIED : UNREADABLE,
      'needs-action'
    );
  }
  if (sealed.takenForHoles > 0) {
    throw new StageError(
      'exec',
      'DataWithoutBlocks', // runBackup packs the volume again, then
      `the file system says of ${files(
        sealed.takenForHoles
      )} with data that no block is in use, so tar packed zeros instead`,
      'NKVM packs the volume again and reads every file; if that fails, start a new backup',
      'transient'
    );
  }
  if (seal.bytes !== own.bytes || seal.sha256 !== own.sha256) {
    throw new StageError(
      'checksum',
      'DigestDiffers',
      `the pod sent ${digestText(seal)}, ${digestText(own)} arrived`,
      'start a new backup: the connection to the pod is not reliable',
      'transient'
    );
  }
  const isEmpty = isEmptied(seal);
  if (isEmpty && entriesBefore !== undefined) {
    throw volumeEmptied(entriesBefore, leftOut(seal.omitted));
  }
  return { seal, sealed, warnings: warningsOf(sealed, isEmpty) };
}

/** An increment holds only the volume's own directory when nothing at the top has changed. */
const isEmptied = ({ files, entriesInVolume = files }: Seal): boolean => entriesInVolume <= 1;

const UNREADABLE =
  'see tar’s messages for the entries, make them readable, then start a new backup';

/** Root with DAC_OVERRIDE may read every file, unless a file server or SELinux refuses it. */
const DENIED =
  'the helper may not read them (“Permission denied” in tar’s messages). On NFS with root_squash, set NKVM_HELPER_RUN_AS_USER or NKVM_HELPER_SUPPLEMENTAL_GROUPS to the owner or group of the files; on nodes with SELinux, set NKVM_HELPER_SELINUX_OPTIONS to the label of the volume';

const isDenied = ({ messages }: PodSeal): boolean =>
  messages.some(message => / Cannot [^:]+: Permission denied$/.test(message));

/** How many things of a volume rules and patterns have left out of its archive. */
const leftOut = ({ mounts = 0, reserved = 0, excluded = 0, archives = 0 }: Omitted): number =>
  mounts + reserved + excluded + archives;

/**
 * @returns sentences for everybody who may see the backup: counts, and never a path. Entries that match the claim's own
 *   patterns are expected, and are counted in the seal only.
 */
export function warningsOf(
  { seal, tar, mountsInside }: PodSeal,
  isEmpty = seal.tarExit <= 1 && isEmptied(seal)
): string[] {
  const { omitted } = seal;
  const about = (count: number | null, sentence: (count: number) => string): string[] =>
    count ? [sentence(count)] : [];
  const whileRead = [
    ...about(tar.changed, n => `${files(n)} changed while ${it(n)} read`),
    ...about(tar.shrank, n => `${files(n)} became shorter while ${it(n)} read: zeros fill the gap`),
    ...about(tar.removed, n => `${files(n)} ${was(n)} removed before ${it(n)} read`),
  ];
  return [
    ...(isEmpty
      ? [
          leftOut(omitted) > 0
            ? `the archive holds no file: all that the volume held was left out (${entries(
                leftOut(omitted)
              )})`
            : 'the volume held no file: if it should, look at its mount, and keep the backup before',
        ]
      : []),
    ...(seal.tarExit === 1 && whileRead.length === 0
      ? ['some files changed while they were read']
      : whileRead),
    ...about(
      omitted.mounts ?? 0,
      n =>
        `${counted(n, 'other file system')} mounted inside the volume ${was(
          n
        )} left out: to include ${
          n > 1 ? 'them' : 'it'
        }, set nkvm.io/include-mounts: "true" on the claim`
    ),
    ...about(
      omitted.reserved ?? 0,
      n =>
        `${entries(n)} of .snapshot, ~snapshot, .zfs or lost+found at the top ${was(
          n
        )} left out: to include ${
          n > 1 ? 'them' : 'it'
        }, set nkvm.io/include-reserved: "true" on the claim`
    ),
    ...about(
      omitted.archives ?? 0,
      n =>
        `${counted(n, 'file')} (${sizeText(omitted.archiveBytes ?? 0)}) ${
          n > 1 ? 'that are archives' : 'that is an archive'
        } of NKVM ${was(
          n
        )} left out: a destination lies in this volume, so a copy elsewhere is needed; to include ${
          n > 1 ? 'them' : 'it'
        }, set nkvm.io/include-archives: "true" on the claim`
    ),
    ...(seal.patterns && !omitted.excluded
      ? ['nothing in the volume matches nkvm.io/exclude of the claim: check its patterns']
      : []),
    ...about(omitted.sockets, n => `${counted(n, 'socket')} ${was(n)} left out: tar keeps none`),
    ...about(
      tar.attributes,
      n => `extended attributes or ACLs could not be read: ${counted(n, 'message')} of tar`
    ),
    ...about(
      omitted.attributeFlags,
      n => `flags of ${entries(n)} (chattr) are not in the archive: tar keeps none`
    ),
    ...about(
      omitted.longPaths,
      n =>
        `${entries(n)} cannot be extracted: ${n > 1 ? 'their paths are' : 'its path is'} too long`
    ),
    ...about(
      mountsInside,
      n => `${counted(n, 'other file system')} mounted inside the volume: the files are included`
    ),
  ];
}

const counted = (count: number, what: string): string => `${count} ${what}${count > 1 ? 's' : ''}`;
const files = (count: number): string => counted(count, 'file');
const entries = (count: number): string => `${count} ${count > 1 ? 'entries' : 'entry'}`;
const was = (count: number): string => (count > 1 ? 'were' : 'was');
const it = (count: number): string => (count > 1 ? 'they were' : 'it was');

const endText = (exitCode: number): string =>
  exitCode > SIGNALS
    ? `was killed by signal ${exitCode - SIGNALS}`
    : `ended with exit code ${exitCode}`;

const lastLine = (text: string): string =>
  text.trim().split('\n').at(-1)?.slice(0, 300) || 'without a reason';
