import type { RetentionHold } from '../../../../api/index.ts';
import type { KnownCatalog } from '../../../backup/catalog/keepCatalogs.ts';

/** Facts about a destination that decide whether anything may be deleted there. */
export interface PlaceFacts {
  destination: string;
  catalog: KnownCatalog | undefined;
  /** Why the clock cannot be trusted; null: it can. */
  clock: string | null;
  now: Date;
  /** Why it refused to delete; null: it has not, or not lately. */
  refused: string | null;
}

/** The listing of every hour, and one that is late. */
const LISTING_AGE_MS = 2 * 3_600_000 + 10 * 60_000;
/** So many copies may be missing from a listing without a hold: a person has deleted them. */
const UNLISTED = 3;
const UNLISTED_SHARE = 0.05;

/**
 * @returns why nothing is deleted at a destination; null: there is no reason of this kind
 *
 * | | |
 * | --- | --- |
 * | the clock has made a step, or may be wrong | hold |
 * | it was not listed to its end, or not lately | hold: half a list must not delete anything |
 * | many archives of the history were not in the listing | hold |
 * | it refuses to delete | hold |
 */
export function placeHold(facts: PlaceFacts): RetentionHold | null {
  const { destination, catalog, clock, now, refused } = facts;
  if (clock !== null)
    return {
      kind: 'clock',
      message: clock,
      hint: 'check the clock of the node; retention continues by itself',
    };
  const listing = catalog?.listing;
  if (catalog?.problem)
    return listingHold(
      `destination ${destination} could not be listed to its end: ${catalog.problem.message}`,
      catalog.problem.hint
    );
  if (!listing || !catalog?.catalog)
    return listingHold(
      `destination ${destination} is not listed yet`,
      'nothing to do: NKVM lists it within an hour'
    );
  const ageMs = now.getTime() - Date.parse(catalog.catalog.readAt);
  if (ageMs > LISTING_AGE_MS)
    return listingHold(
      `destination ${destination} was last listed at ${catalog.catalog.readAt}`,
      'see the state of the destination'
    );
  const { known, unlisted } = listing;
  if (unlisted > Math.max(UNLISTED, known * UNLISTED_SHARE))
    return listingHold(
      `the listing of destination ${destination} lacks ${unlisted} of ${known} archives that should be there`,
      'find out what has deleted them, or whether the destination is the right one; retention continues after a listing without such a gap'
    );
  if (refused !== null)
    return {
      kind: 'refused',
      message: `destination ${destination} refuses to delete archives: ${refused}`,
      hint: 'nothing to do where that is wanted; the lifecycle rules of the storage then delete old archives. NKVM tries again once a day',
    };
  return null;
}

const listingHold = (message: string, hint: string): RetentionHold => ({
  kind: 'listing',
  message,
  hint,
});

/** Facts about a volume that decide whether any of its archives may be deleted. */
export interface ClaimFacts {
  /** Sentences about rules or holds that are not valid, and what to do. */
  invalid: { message: string; hint: string } | null;
  /** Whether its first restore has no verdict yet. */
  isFirstRestoreOpen: boolean;
  /** ISO-8601. */
  holdUntil: string | null;
  now: Date;
}

/** @returns why no archive of a volume is deleted; null: there is no reason of this kind */
export function claimHold({ invalid, isFirstRestoreOpen, holdUntil, now }: ClaimFacts) {
  if (isFirstRestoreOpen) return FIRST_RESTORE;
  if (invalid) {
    const { message, hint } = invalid;
    return { kind: 'invalid', message, hint } as const;
  }
  if (holdUntil !== null && now.getTime() < Date.parse(holdUntil))
    return {
      kind: 'hold',
      message: `on hold until ${holdUntil}`,
      hint: 'delete the annotation nkvm.io/hold-until to end the hold',
    } as const;
  return null;
}

const FIRST_RESTORE = {
  kind: 'first-restore',
  message: 'the restore of this claim has no verdict yet',
  hint: 'see what the claim waits for',
} as const;

/** So many archives may always go at once. */
const SHARE_ALLOWANCE = 10;

/** Facts about all archives that would go at a destination at once. */
export interface ShareFacts {
  /** Absent: NKVM's own. */
  cluster?: string | undefined;
  destination: string;
  removed: number;
  /** Archives that the history has there. */
  present: number;
  /**
   * The same two without archives that others need. A chain goes as a whole, when nothing needs it any more, and would look like a
   * mistake: for the limit, it counts once.
   */
  ends: { removed: number; present: number };
  maxSharePercent: number;
  /** The number that a person has approved; null: none. */
  approved: number | null;
}

/** @returns why the archives do not go at once; null: they may */
export function shareHold(facts: ShareFacts): RetentionHold | null {
  const { cluster, destination, removed, present, ends, maxSharePercent, approved } = facts;
  const most = Math.max(SHARE_ALLOWANCE, Math.floor((ends.present * maxSharePercent) / 100));
  if (ends.removed <= most || removed === approved) return null;
  const chains =
    ends.present === present
      ? ''
      : `, ${ends.removed} of ${ends.present} without those that other archives need`;
  return {
    kind: 'share',
    message: `${removed} of ${present} archives would go at destination ${destination} at once${chains}, and the limit is ${most}`,
    hint: `check the plans; to let the archives go, POST /api/v1/retention/approve with ${JSON.stringify(
      { cluster, destination, removed }
    )}`,
    removed,
  };
}
