import type { FailureClass, Stage } from '../../../api/index.ts';
import type { RestoreComparison } from '../../../api/restores.ts';
import type { Digest } from '../../archive/digest.ts';
import { UnpackFailure } from './unpackFailure.ts';
import type { UnpackResult } from './unpackResult.ts';

/** The result of a restore in a pod, when nothing failed. It does not tell whether the volume matches the archive. */
export interface Unpacked {
  /** The bytes that were sent; the same bytes arrived. */
  sent: Digest;
  /** Says whether the volume holds what the archive does; see restore/verdictOnRestore.ts. */
  comparison: RestoreComparison;
  /** Exit code of the tar that unpacked; 2 where it could not set an attribute, see `comparison.notRestored`. */
  tarExit: number;
  /** tar's messages. */
  messages: string[];
  entries: number;
  rawBytes: number;
  /** Entries that were removed because the archive has something of that name. */
  replaced: number;
  /** Entries that mode `mirror` deleted because the archive lacks them. */
  deleted: number;
  /** The first names that only the volume has. */
  leftOverNames: string[];
}

/** Everything that is known when the command in the pod has ended. */
export interface UnpackFacts {
  /** Undefined when the connection broke before the archive was sent. */
  sent: Digest | undefined;
  /** SHA-256 that the archive had when it was made. */
  expectedSha256: string | undefined;
  result: UnpackResult;
  /** The helper pod, for messages. */
  where: string;
}

/** A command that a signal ended has this plus the signal's number for its exit code. */
const SIGNALS = 128;

/**
 * Whether a restore came to its end, from what the pod reported.
 *
 * | fact | outcome |
 * | --- | --- |
 * | something else arrived than was sent | `ReceivedDiffers` |
 * | the archive is not the one that was made | `ArchiveNotAsSealed` |
 * | archive or volume were refused | that reason |
 * | tar failed for want of space; on a read-only or broken volume; otherwise | `VolumeFull`, `VolumeReadOnly`, `VolumeBroken`, `ExtractFailed` |
 * | the archive is not complete gzip | `ArchiveDamaged` |
 * | the volume could not be read again | `CompareFailed` |
 * | all was read again | what the comparison says |
 *
 * @throws UnpackFailure
 */
export function unpackOutcome({ sent, expectedSha256, result, where }: UnpackFacts): Unpacked {
  const { received, refused, comparison, messages } = result;
  if (sent && received && (received.bytes !== sent.bytes || received.sha256 !== sent.sha256)) {
    throw new UnpackFailure([
      'checksum',
      'ReceivedDiffers',
      `${sent.bytes} bytes were sent to ${where}, ${received.bytes} arrived, or other ones`,
      'nothing to do: the connection to the pod is not reliable; NKVM tries again',
      'transient',
    ]);
  }
  if (refused) {
    const { reason, message, entry, hasWritten } = refused;
    const [stage, hint] = REFUSALS[reason] ?? OTHER_REFUSAL;
    throw new UnpackFailure([stage, reason, message, hint, 'needs-action'], {
      details: entry === null ? [] : [entry],
      hasWritten,
    });
  }
  if (result.errors > 0 || (result.tarExit ?? 255) > 2) {
    throw new UnpackFailure(tarFailure(result), { details: messages });
  }
  if (result.decompressorExit !== 0) {
    throw new UnpackFailure([
      'checksum',
      'ArchiveDamaged',
      `the archive is not a complete gzip file (the decompressor ${endText(
        result.decompressorExit
      )})`,
      REFUSALS.ArchiveDamaged?.[1] ?? '',
      'needs-action',
    ]);
  }
  if (!sent || !received) {
    throw new UnpackFailure([
      'checksum',
      'ReceivedDiffers',
      `${where} did not report the bytes that arrived`,
      'nothing to do: the connection to the pod is not reliable; NKVM tries again',
      'transient',
    ]);
  }
  if (expectedSha256 !== undefined && sent.sha256 !== expectedSha256) {
    throw new UnpackFailure([
      'checksum',
      'ArchiveNotAsSealed',
      'the archive differs from the one that was made: another SHA-256',
      REFUSALS.ArchiveNotAsSealed?.[1] ?? '',
      'needs-action',
    ]);
  }
  if (!comparison || (result.packExit ?? 255) > 1) {
    throw new UnpackFailure(
      [
        'checksum',
        'CompareFailed',
        `the volume could not be read again to compare it with the archive (tar ${endText(
          result.packExit
        )})`,
        'see tar’s messages; the files were written, but nothing proves that they are complete',
        'unknown',
      ],
      { details: messages }
    );
  }
  return {
    sent,
    comparison,
    tarExit: result.tarExit ?? 255,
    messages,
    entries: result.entries,
    rawBytes: result.rawBytes,
    replaced: result.replaced,
    deleted: result.deleted,
    leftOverNames: result.leftOverNames,
  };
}

const TAKE_ANOTHER = 'restore another backup, or another copy of this one';

const REFUSALS: Partial<Record<string, [Stage, string]>> = {
  ArchiveHostile: ['exec', 'do not restore this archive: no backup of a volume has such entries'],
  ArchiveDamaged: ['checksum', TAKE_ANOTHER],
  ArchiveTruncated: ['checksum', TAKE_ANOTHER],
  ArchiveUnsupported: ['exec', 'unpack it by hand with the program that made it'],
  ArchiveEmpty: ['checksum', TAKE_ANOTHER],
  ArchiveNotAsSealed: ['checksum', `the archive was changed after it was made: ${TAKE_ANOTHER}`],
  ChainBroken: [
    'checksum',
    'restore another backup: a full one, or one before; the archives of this one do not belong together',
  ],
  ArchiveTooBig: [
    'copy',
    'restore into a bigger volume, or raise the limit for archives without a manifest',
  ],
  VolumeNotEmpty: ['copy', 'restore into a new claim, or choose mode overwrite or mirror'],
  VolumeInTheWay: ['copy', 'restore into a new claim, or unmount that file system'],
};
const OTHER_REFUSAL: [Stage, string] = ['exec', 'see the reason'];

const FULL =
  /: (No space left on device|Disk quota exceeded|File too large|Wrote only \d+ of \d+ bytes)$/;
const READ_ONLY = /: Read-only file system$/;
/** Root with DAC_OVERRIDE may write everywhere, unless a file server or SELinux refuses it. */
const DENIED = /: Permission denied$/;
const BROKEN =
  /: (Input\/output error|Stale file handle|Structure needs cleaning|Transport endpoint is not connected)$/;

function tarFailure({
  messages,
  errors,
  tarExit,
}: UnpackResult): [Stage, string, string, string, FailureClass] {
  const has = (what: RegExp): boolean => messages.some(line => what.test(line));
  if (has(FULL)) {
    return [
      'copy',
      'VolumeFull',
      'the volume became full while the archive was unpacked',
      'restore into a bigger claim, or free space and inodes in the volume',
      'needs-action',
    ];
  }
  if (has(READ_ONLY)) {
    return [
      'copy',
      'VolumeReadOnly',
      'a file system in the volume is read-only',
      'restore into a new claim; if this is a mount inside the volume, such as .snapshot, hide it first',
      'needs-action',
    ];
  }
  if (has(BROKEN)) {
    return [
      'copy',
      'VolumeBroken',
      'the volume’s storage reported errors while the archive was unpacked',
      'check the storage, then restore into a new claim',
      'unknown',
    ];
  }
  const isKilled = (tarExit ?? 0) > SIGNALS;
  const isDenied = has(DENIED) && !isKilled;
  return [
    'exec',
    'ExtractFailed',
    errors > 0 && !isKilled
      ? `${errors} ${errors === 1 ? 'thing' : 'things'} could not be unpacked`
      : `tar ${endText(tarExit)}`,
    isKilled
      ? 'give helpers more memory with NKVM_HELPER_MEMORY_LIMIT'
      : isDenied
      ? 'see tar’s messages: the storage refuses access to the helper (“Permission denied”). On NFS with root_squash, set NKVM_HELPER_RUN_AS_USER to the owner of the directory, or export it with no_root_squash; on nodes with SELinux, set NKVM_HELPER_SELINUX_OPTIONS to the label of the volume'
      : 'see tar’s messages for the names and the causes',
    isDenied ? 'needs-action' : 'unknown',
  ];
}

const endText = (exit: number | null): string =>
  exit === null
    ? 'was not started'
    : exit > SIGNALS
    ? `was ended by signal ${exit - SIGNALS}`
    : `ended with exit code ${exit}`;
