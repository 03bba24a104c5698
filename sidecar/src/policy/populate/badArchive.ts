import { foreignName } from '../../destinations/foreignArchive.ts';
import type { FailedRestore } from './decision.ts';
import type { FoundArchive } from './facts.ts';

/** Reasons of a restore, a verification or a drill that has failed that are reasons of the archive itself. */
export const BAD_ARCHIVE_REASONS: ReadonlySet<string> = new Set([
  'AgeBroken',
  'ArchiveBroken',
  'ArchiveDamaged',
  'ArchiveDiffers',
  'ArchiveEmpty',
  'ArchiveHostile',
  'ArchiveNotAsSealed',
  'ArchiveSizeDiffers',
  'ArchiveTruncated',
  'ChainBroken',
  'ChainIncomplete',
  'ContentsDiffer',
  'ManifestMismatch',
  'ManifestUnreadable',
  'ReadBackDiffers',
]);

/** One attempt may have read wrong bytes by accident, and an older backup lacks what came later. */
const ATTEMPTS = 2;

/** @returns why a backup is not tried again: its first restore has failed, and not by accident. */
export function isKnownBad(
  { backup, destination, key }: FoundArchive,
  failed: readonly FailedRestore[]
): { why: string } | undefined {
  const names = [backup, `archive:${foreignName({ destination, key })}`];
  const before = failed.find(
    each =>
      names.includes(each.backup) &&
      each.attempts >= ATTEMPTS &&
      BAD_ARCHIVE_REASONS.has(each.reason)
  );
  return before && { why: `its restore has failed ${before.attempts} times: ${before.message}` };
}
