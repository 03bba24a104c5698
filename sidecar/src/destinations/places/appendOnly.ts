import type { AppendOnly } from '../../../api/index.ts';
import { textOf } from '../../errors.ts';
import type { Destination } from '../destination.ts';
import { isProtected, newProbe } from './check.ts';
import { scrubbed } from './scrub.ts';

export interface AppendOnlyOptions {
  /** The installation. */
  owner: string;
  secrets: readonly string[];
  now(): Date;
  signal: AbortSignal;
}

/**
 * Stores a small file and tries to delete it with the credentials that NKVM has: whoever steals them could do the same. "Could
 * not determine" is a result of its own: a server that says that it has deleted a file may still keep it (versions, a recycle
 * bin), and one that fails for another reason has said nothing.
 *
 * | storing | deleting | afterwards | result |
 * | --- | --- | --- | --- |
 * | fails | | | undetermined |
 * | works | is refused | it is there | protected |
 * | works | is refused | it is gone, or that is not known | undetermined |
 * | works | works | it is gone | deletable |
 * | works | works | it is there | protected |
 * | works | fails otherwise | | undetermined |
 */
export async function checkAppendOnly(
  destination: Destination,
  { secrets, owner, now, signal }: AppendOnlyOptions
): Promise<AppendOnly> {
  const key = newProbe(owner);
  const result = async (): Promise<Omit<AppendOnly, 'at'>> => {
    try {
      await destination.put(key, 'NKVM checks whether this file can be deleted.\n', { signal });
    } catch (error) {
      return undetermined(`a file could not be stored: ${textOf(error)}`);
    }
    let isRefused = false;
    try {
      await destination.remove(key, { signal });
    } catch (error) {
      if (!isProtected(error)) return undetermined(`deleting failed: ${textOf(error)}`);
      isRefused = true;
    }
    try {
      const isThere = (await destination.stat(key, { signal })) !== undefined;
      if (isThere) return PROTECTED;
      return isRefused ? undetermined('deleting was refused, and the file is gone') : DELETABLE;
    } catch (error) {
      return undetermined(`whether the file is still there is not known: ${textOf(error)}`);
    }
  };
  const { result: found, message } = await result();
  return { result: found, message: scrubbed(message, secrets), at: now().toISOString() };
}

const PROTECTED = {
  result: 'protected',
  message: 'a file that was just stored could not be deleted with the credentials of NKVM',
} as const;

const DELETABLE = {
  result: 'deletable',
  message:
    'a file that was just stored could be deleted: anything with the credentials of NKVM can delete the archives',
} as const;

const undetermined = (why: string) =>
  ({ result: 'undetermined', message: `could not be determined: ${why}` } as const);
