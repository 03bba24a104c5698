import type { AppendOnly } from '../../../api/index.ts';
import { textOf } from '../../errors.ts';
import type { Destination, VersionsDeleted } from '../destination.ts';
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
 * Stores a small file and tries to delete it, and the versions that the storage keeps of it, with the credentials that NKVM
 * has: anybody who steals them could do the same. A failure for another reason than a refusal says nothing.
 *
 * | storing | deleting | afterwards | versions | result |
 * | --- | --- | --- | --- | --- |
 * | fails | | | | undetermined |
 * | works | is refused | it is there | | protected |
 * | works | is refused | it is gone, or that is not known | | undetermined |
 * | works | works | it is there | | protected |
 * | works | works | it is gone | there are none, or they could be deleted | deletable |
 * | works | works | it is gone | they could not be deleted | protected |
 * | works | works | it is gone | not known | undetermined |
 * | works | fails otherwise | | | undetermined |
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
      if (isRefused) return undetermined('deleting was refused, and the file is gone');
    } catch (error) {
      return undetermined(`whether the file is still there is not known: ${textOf(error)}`);
    }
    try {
      return ofVersions(await destination.deleteVersions?.(key, { signal }));
    } catch (error) {
      return undetermined(
        `whether the storage keeps the file as an earlier version is not known: ${textOf(error)}`
      );
    }
  };
  const { result: found, message } = await result();
  return { result: found, message: scrubbed(message, secrets), at: now().toISOString() };
}

function ofVersions(found: VersionsDeleted | undefined): Omit<AppendOnly, 'at'> {
  switch (found?.result) {
    case undefined:
    case 'none':
      return DELETABLE;
    case 'deleted':
      return {
        result: 'deletable',
        message:
          'the bucket keeps deleted files as earlier versions, and these could be deleted as well: anything with the credentials of NKVM can delete the archives for good',
      };
    case 'kept':
      return {
        result: 'protected',
        message: `a file that was just stored was deleted, and the bucket keeps it as an earlier version that could not be deleted with the credentials of NKVM${
          found.lockedUntil ? `: its lock ends at ${found.lockedUntil.toISOString()}` : ''
        }`,
      };
    case 'unknown':
      return undetermined(found.why);
  }
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
