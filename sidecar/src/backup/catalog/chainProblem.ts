import type { Copy } from '../../../api/index.ts';
import type { OptionalChain } from '../../archive/chain/chain.ts';
import type { Destination } from '../../destinations/destination.ts';
import { chainThere } from '../../destinations/read/chainThere.ts';
import { StageError } from '../../errors.ts';
import { problemOf } from '../copies/copiesVerdict.ts';

/**
 * Asks a destination for the archives that an increment needs. An increment without them does not count as a backup.
 * @param chain of the backup
 * @returns why the copy there cannot be restored; null: each of the archives is there, or it needs none; undefined: it is not
 *   known, for example because this version of NKVM cannot read the manifest of one
 * @throws StageError when the destination does not answer
 */
export async function chainProblem(
  { key }: Pick<Copy, 'key'>,
  chain: OptionalChain,
  destination: Destination,
  signal: AbortSignal
): Promise<NonNullable<Copy['problem']> | null | undefined> {
  try {
    await chainThere(key, chain, destination, signal);
    return null;
  } catch (error) {
    if (!(error instanceof StageError)) return undefined;
    if (error.reason === 'ChainIncomplete') return problemOf(error);
    if (error.class !== 'needs-action') throw error;
    return undefined;
  }
}
