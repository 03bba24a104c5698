import { matcherOf } from './tarPattern.ts';

/** Names of NKVM's own archives, their indexes and manifests, and of files that are about to become such. */
const OWN = /(?:^|\/)(?:[^/]*__[^/]*__[^/]*__\d{8}T\d{6}Z__[0-9a-z]{26}\.tar|\.tmp-nkvm-)/;

/** Names that backups leave out because they belong to the file system or its server; see pack/pack.sh. */
const RESERVED = ['.snapshot', '~snapshot', 'lost+found', '.zfs', '.zfs/snapshot'];

/**
 * @param patterns that the backup was made with
 * @returns whether a backup left out what has this path (relative to the volume, as bytes), so that it is missing in the archive
 *   although nobody deleted it.
 */
export function wasLeftOut(patterns: readonly string[]): (path: string) => boolean {
  const isExcluded = matcherOf(patterns);
  return path => OWN.test(path) || isExcluded(`./${path}`);
}

/**
 * @param patterns that the backup was made with
 * @returns whether a name that no archive of a chain holds may be one that backups leave out
 */
export function mayBeLeftOut(patterns: readonly string[]): (path: string) => boolean {
  const isLeftOut = wasLeftOut(patterns);
  return path => RESERVED.includes(path) || isLeftOut(path);
}
