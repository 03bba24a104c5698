import { archiveFormOf } from '../../archive/name.ts';
import { isOtherwise } from '../../destinations/direct.ts';
import { StageError, textOf } from '../../errors.ts';
import type { DirectDoubts } from '../../helper/direct/doubts.ts';
import type { DirectArchives } from '../../helper/direct/unpackDirect.ts';
import type { CheckedArchive } from '../archiveCheck.ts';
import type { RestoreSource } from '../source.ts';
import { bytesOf } from '../source.ts';
import type { NotDirect } from './whyNotDirect.ts';
import { whyNotDirect } from './whyNotDirect.ts';

/** A restore that may be direct. */
export interface DirectQuestion {
  /** Facts on earlier tries. Undefined: no archive is read by a helper pod itself. */
  doubts: DirectDoubts | undefined;
  /** Of the helper pod. */
  namespace: string;
  isWhole: boolean;
  signal: AbortSignal;
}

/** @returns the archives as a helper pod reads them by itself, newest first; or why it does not. */
export async function directly(
  source: RestoreSource,
  { doubts, namespace, isWhole, signal }: DirectQuestion
): Promise<DirectArchives | NotDirect> {
  const { destination, links } = source;
  const archives = [source, ...[...links].reverse()];
  const [form, ...others] = new Set(archives.map(({ key }) => archiveFormOf(key) === 'tar'));
  const not = whyNotDirect({
    isAllowed: doubts !== undefined,
    isPossible: destination.readDirect !== undefined,
    isWhole,
    isKnown: archives.every(({ sha256 }) => sha256 !== undefined),
    isOneForm: form !== undefined && others.length === 0,
    doubt: doubts?.of(destination.id, namespace),
  });
  if (not || !destination.readDirect) return not ?? { because: undefined };
  try {
    const keys = archives.map(({ key }) => key);
    const reads = await destination.readDirect(keys, { signal });
    if (isOtherwise(reads)) return { because: reads.otherwise };
    const expected = archives.map(({ bytes, sha256 = '' }) => ({ bytes, sha256 }));
    return { place: destination.id, reads, expected };
  } catch (error) {
    signal.throwIfAborted();
    // When NKVM reads the archive itself, its error says more.
    if (error instanceof StageError) return { because: textOf(error) };
    throw error;
  }
}

/** @returns what a helper pod has to find out of an archive before it writes anything. */
export const toBeChecked = (source: RestoreSource): CheckedArchive => ({
  bytes: bytesOf(source),
  sha256: source.links.length > 0 ? '' : source.sha256 ?? '',
  rawBytes: undefined,
  isCompared: true,
});
