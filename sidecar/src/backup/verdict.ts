import type { Omitted, Seal } from '../../api/index.ts';
import type { Digest } from '../archive/digest.ts';
import { StageError } from '../errors.ts';
import type { WrittenSeal } from '../helper/seal.ts';
import { volumeEmptied } from './emptied.ts';
import { digestText } from './proof.ts';

/** A command that a signal ended has this plus the signal's number for its exit code. */
const SIGNALS = 128;

/** Everything that is known of a stream when it has ended. */
export interface Facts {
  /** Exit code of the packing command, as the API server told it. */
  podExit: number;
  /** Last words of the packing command. */
  stderr: string;
  /** What the pod says that it sent; only a command that failed has none. */
  seal: WrittenSeal | undefined;
  /** What the sidecar received and stored. */
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
 * | the packing command was killed, or failed | refused at `exec` |
 * | the compressor's exit is not 0, or tar's is above 1 | refused at `exec` |
 * | bytes or SHA-256 differ | refused at `checksum` |
 * | nothing but the volume's own directory is in the archive, and the backup before holds more | refused at `checksum` |
 * | tar's exit is 1: a file changed while it was read | published, with a warning |
 * | nothing but the volume's own directory is in the archive otherwise | published, with a warning |
 * | all agree | published |
 *
 * @returns the seal, and warnings for the record. @throws StageError when it must not be published.
 */
export function verdict({ podExit, stderr, seal, own, entriesBefore }: Facts): {
  seal: Seal;
  warnings: string[];
  tarMessages: string[];
  fidelity: WrittenSeal['fidelity'];
} {
  if (podExit > SIGNALS) {
    throw new StageError(
      'exec',
      'PackKilled',
      `the packing command was killed by signal ${podExit - SIGNALS}`,
      'find out what killed it (memory, a person, the node), then back up again',
      'transient'
    );
  }
  if (podExit !== 0 || !seal) {
    throw new StageError(
      'exec',
      'PackFailed',
      `the packing command ended with exit code ${podExit}: ${lastLine(stderr)}`,
      podExit === 127
        ? 'set NKVM_HELPER_IMAGE to an image that has sh, tar, gzip, Node, sed, wc and mkfifo'
        : 'see the words of the command above, then back up again',
      'needs-action'
    );
  }
  // Before tar: without its reader tar is ended by SIGPIPE.
  if (seal.compressorExit !== 0) {
    throw new StageError(
      'exec',
      'CompressorFailed',
      `the compressor in the helper pod ${endText(seal.compressorExit)}`,
      'back up again; if it happens again, give helpers more memory with NKVM_HELPER_MEMORY_LIMIT',
      'unknown'
    );
  }
  if (seal.tarExit > 1) {
    throw new StageError(
      'exec',
      'TarFailed',
      `tar ${endText(seal.tarExit)}: ${seal.warnings.at(-1) ?? 'it said nothing'}`,
      'see in the helper’s last words which file could not be read, then back up again',
      'needs-action'
    );
  }
  if (seal.bytes !== own.bytes || seal.sha256 !== own.sha256) {
    throw new StageError(
      'checksum',
      'DigestDiffers',
      `the pod sent ${digestText(seal)}, ${digestText(own)} arrived`,
      'the connection to the pod is not reliable; back up again',
      'transient'
    );
  }
  const isEmpty = seal.files <= 1;
  if (isEmpty && entriesBefore !== undefined) throw volumeEmptied(entriesBefore);
  const changed = seal.tarExit === 1 ? ['some files changed while they were read'] : [];
  const reduced =
    seal.fidelity === 'reduced'
      ? [
          'the helper image has no GNU tar: extended attributes, ACLs and holes are not in the archive',
        ]
      : [];
  const empty = isEmpty
    ? ['the volume held no file: if it should, look at its mount, and keep the backup before']
    : [];
  const { fidelity, warnings: tarMessages, ...counted } = seal;
  const omitted = omittedOf(tarMessages);
  const sockets = omitted.sockets
    ? [`sockets are not in the archive: ${omitted.sockets} of them`]
    : [];
  return {
    seal: { ...counted, omitted },
    warnings: [...empty, ...changed, ...reduced, ...sockets],
    tarMessages,
    fidelity,
  };
}

const omittedOf = (tarMessages: readonly string[]): Omitted => ({
  sockets: tarMessages.filter(line => line.endsWith(': socket ignored')).length,
  trustedXattrs: 0,
  attributeFlags: 0,
  longPaths: 0,
});

const endText = (exitCode: number): string =>
  exitCode > SIGNALS
    ? `was killed by signal ${exitCode - SIGNALS}`
    : `ended with exit code ${exitCode}`;

const lastLine = (text: string): string =>
  text.trim().split('\n').at(-1)?.slice(0, 300) || 'it said nothing';
