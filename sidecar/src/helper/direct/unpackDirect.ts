import type { Digest } from '../../archive/digest.ts';
import type { DirectReads, Otherwise } from '../../destinations/direct.ts';
import type { Helper } from '../helper.ts';
import type { Route } from '../transport.ts';
import type { UnpackOptions, UnpackRequest } from '../unpack/unpack.ts';
import { jobOf, prepareUnpack, resultOf } from '../unpack/unpack.ts';
import { checkCommand, NEWS, unpackCommand } from '../unpack/unpackCommand.ts';
import { UnpackFailure } from '../unpack/unpackFailure.ts';
import type { Unpacked } from '../unpack/unpackOutcome.ts';
import { unpackOutcome } from '../unpack/unpackOutcome.ts';
import { unpackProgram } from '../unpack/unpackProgram.ts';
import type { Fetched } from './fetch.ts';
import { fetching } from './fetch.ts';

/** Archives that a helper reads at the storage by itself. */
export interface DirectArchives {
  /** Name of the destination. */
  place: string;
  reads: DirectReads;
  /** The digests that the archives must have, in the order of `reads.files`. */
  expected: readonly Digest[];
}

/** The pod cannot read the archives. */
export interface NotRead extends Otherwise {
  /** The archives are to blame, and not the way to them. */
  isDamaged: boolean;
}

/**
 * Lets the pod read the archives to their end, before anything is written, and compares their digests.
 * @returns their digest as one; `NotRead` when they cannot be read there, or are something else: then they have to be read here,
 *   which says more.
 * @throws StageError when the program does not arrive in the pod
 */
export async function checkDirect(
  helper: Helper,
  { reads, expected }: DirectArchives,
  {
    signal,
    onBytes,
    patterns,
  }: Pick<UnpackOptions, 'signal'> &
    Pick<UnpackRequest, 'patterns'> & { onBytes(bytes: number): void }
): Promise<Digest | NotRead> {
  const program = unpackProgram(patterns);
  await prepareUnpack(helper, program, signal);
  const fed = await helper.feed(checkCommand(program), { signal });
  fed.exit.catch(() => undefined); // `fetching` waits for it
  const end = await fetching(fed, reads, { signal, onBytes });
  if ('broke' in end) return { otherwise: `the helper pod ${end.broke}`, isDamaged: false };
  if (!('fetched' in end)) {
    const otherwise = `the command that would read it ended with exit code ${end.exitCode}`;
    return { otherwise, isDamaged: false };
  }
  const at = differing(end.fetched, expected);
  if (at === undefined) return end.fetched.all;
  const which = expected.length > 1 ? `archive ${at + 1} of ${expected.length}` : 'the archive';
  return { otherwise: `the helper pod read other bytes than ${which} has`, isDamaged: true };
}

/** @returns the position of the first archive that is not what it should be. */
function differing({ archives }: Fetched, expected: readonly Digest[]): number | undefined {
  const at = expected.findIndex(
    ({ bytes, sha256 }, number) =>
      archives[number]?.bytes !== bytes || archives[number].sha256 !== sha256
  );
  return at < 0 ? undefined : at;
}

/** The reason of failures after which the next attempt of a run gets its archive another way. */
export const DIRECT_READ_BROKE = 'DirectReadBroke';

/**
 * Lets the pod read the archives once more and unpack them, after `checkDirect`.
 * @param request `expected.sha256` is what `checkDirect` has returned
 * @throws StageError, mostly an `UnpackFailure`. The volume may hold a part of the archive then.
 */
export async function unpackDirect(
  helper: Helper,
  request: UnpackRequest & { expected: { sha256: string } },
  { place, reads }: DirectArchives,
  checked: Digest,
  { signal, onProgress, onWorking, onPhase, onRoute }: UnpackOptions
): Promise<Unpacked> {
  const program = unpackProgram(request.patterns);
  const fed = await helper.feed(
    unpackCommand(program, request.encoding, jobOf(request), 'direct'),
    { signal }
  );
  fed.exit.catch(() => undefined); // `fetching` waits for it
  onRoute?.(directRoute(place));
  onPhase('write');
  const end = await fetching(fed, reads, {
    signal,
    onBytes: onProgress,
    onLine(line) {
      onWorking();
      if (line === NEWS.comparing) onPhase('compare');
    },
  });
  const where = `helper pod ${helper.namespace}/${helper.pod}`;
  if ('broke' in end) throw readBroke(where, place, end.broke);
  const result = await resultOf(helper, end.exitCode, fed.stderrTail().trim());
  return unpackOutcome({
    sent: 'fetched' in end ? checked : undefined,
    expectedSha256: request.expected.sha256,
    ...{ result, where },
  });
}

const directRoute = (place: string): Route => ({
  transport: 'direct',
  transportReason: `the helper pod reads the archive at destination ${place} itself`,
});

const readBroke = (where: string, place: string, why: string): UnpackFailure =>
  new UnpackFailure([
    'copy',
    'DirectReadBroke',
    `${where} could not read the archive at destination ${place} to its end: ${why}`,
    'nothing to do: NKVM tries again and reads the archive itself; if all direct restores fail, check the way from the nodes to the storage, or set NKVM_DIRECT_TRANSFERS to never',
    'transient',
  ]);
