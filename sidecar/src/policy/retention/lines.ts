import type { RetentionHold } from '../../../api/index.ts';
import { HOLD_UNTIL_ANNOTATION, STARTED_EMPTY_ANNOTATION } from '../../../api/index.ts';
import type { Claim, Inventory } from '../../cluster/inventory/inventory.ts';
import { verdictOf } from '../../cluster/writes/firstRestore.ts';
import type { History } from '../../history/history.ts';
import type { ArchiveFact } from '../../history/queries/claimArchives.ts';
import { latestBelievable, timeOfRunId } from '../../history/runId.ts';
import { isHeldByRestore } from '../populate/firstRestore.ts';
import type { Wish } from '../wish/wish.ts';
import type { WishClaim } from '../wish/wishOf.ts';
import { wishOf } from '../wish/wishOf.ts';
import { claimHold } from './holds/holds.ts';
import type { KeepRules } from './rules/keepRules.ts';
import type { FoundRules } from './rules/rulesFor.ts';
import { rulesFor } from './rules/rulesFor.ts';

/**
 * The archives that belong together: those of one claim, with those of the claims that it was restored from, or those of a
 * claim that is gone. Only names that are the same in every character, and UIDs, make a line: never a part of a name.
 */
export interface Line {
  namespace: string;
  name: string;
  /** UID of the claim that is there now; null: the line is of a claim that is gone. */
  liveUid: string | null;
  /** Of every destination, oldest first. */
  archives: ArchiveFact[];
  /** Id in the annotation `nkvm.io/accept-change`. */
  acceptChange: string | null;
  rulesAt(destination: string, keepOfPlace: string | undefined): FoundRules;
  /** Why none of its archives is deleted. */
  holdWith(found: FoundRules): RetentionHold | null;
}

export interface LinesWorld {
  history: Pick<History, 'archives' | 'get'>;
  inventory: Pick<Inventory, 'claim' | 'namespace'>;
  /** UID of the own cluster: archives of others are never deleted. */
  clusterUid: string;
  now(): Date;
  /** Of claims with a schedule. */
  keep: KeepRules;
  /** Of claims that are gone. */
  keepDeleted: KeepRules;
}

/** @returns the lines of all claims that had this name, the one of the present claim first. */
export function linesOf(namespace: string, name: string, world: LinesWorld): Line[] {
  const { history, inventory, clusterUid } = world;
  const archives = history.archives
    .archivesOf(namespace, name)
    .filter(archive => archive.clusterUid === clusterUid);
  const claim = inventory.claim(namespace, name);
  const live = claim && liveLine(claim, archives, world);
  const own = new Set(live?.archives);
  const byUid = new Map<string, ArchiveFact[]>();
  for (const archive of archives) {
    if (own.has(archive)) continue;
    const others = byUid.get(archive.uid);
    if (others) others.push(archive);
    else byUid.set(archive.uid, [archive]);
  }
  const gone = [...byUid.values()].map(others => goneLine(namespace, name, others, claim, world));
  return live ? [live, ...gone] : gone;
}

const wishFor = (claim: WishClaim, { inventory, clusterUid }: LinesWorld): Wish =>
  wishOf(claim, inventory.namespace(claim.namespace), {
    clusterUid,
    timeZone: 'UTC', // decides when it runs, which does not count here
  });

function liveLine(claim: Claim, archives: readonly ArchiveFact[], world: LinesWorld): Line {
  const { namespace, name, uid } = claim;
  const uids = uidsOf(claim, world);
  const wish = wishFor(claim, world);
  return {
    ...{ namespace, name, liveUid: uid, acceptChange: believable(wish.acceptChange, world) },
    archives: archives.filter(archive => uids.has(archive.uid)),
    rulesAt: (destination, keepOfPlace) =>
      rulesFor({ wish, destination, keepOfPlace, usual: world.keep }),
    holdWith: ({ invalid }) =>
      claimHold({
        invalid,
        // The old archives are what it needs.
        isFirstRestoreOpen: isHeldByRestore(claim),
        holdUntil: wish.holdUntil,
        now: world.now(),
      }),
  };
}

/** An id that a wrong clock has given, or that was made up, would accept all changes to come. */
function believable(accepted: string | null, { now }: LinesWorld): string | null {
  const isLate =
    accepted !== null && timeOfRunId(accepted).getTime() > latestBelievable(now().getTime());
  return isLate ? null : accepted;
}

/** @returns UIDs of the claim and of the one that it was restored from. */
function uidsOf(claim: Claim, { history, clusterUid }: LinesWorld) {
  const { namespace, name, uid } = claim;
  const { restoredFrom } = verdictOf(claim);
  const source = restoredFrom === undefined ? undefined : history.get(restoredFrom);
  const isSame =
    source?.kind === 'backup' &&
    source.namespace === namespace &&
    source.name === name &&
    source.clusterUid === clusterUid;
  return new Set(isSame ? [uid, source.uid] : [uid]);
}

function goneLine(
  namespace: string,
  name: string,
  archives: ArchiveFact[],
  claim: Claim | undefined,
  world: LinesWorld
): Line {
  const { now, keepDeleted } = world;
  // Its own annotations are gone with it. Those of its namespace, and of a new claim of its name, are not.
  const { holdUntil, problems } = wishFor(claim ?? { namespace, name, labels: {} }, world);
  const unread = problems.find(({ key }) => key === HOLD_UNTIL_ANNOTATION) ?? null;
  // Also where it came with the manifest: nothing is deleted because of it.
  const hasStartedEmpty = claim?.policyNotes?.[STARTED_EMPTY_ANNOTATION] !== undefined;
  const rules = hasStartedEmpty ? {} : keepDeleted;
  return {
    ...{ namespace, name, liveUid: null, acceptChange: null, archives },
    rulesAt: () => ({ rules, invalid: unread }),
    holdWith: ({ invalid }) =>
      claimHold({
        invalid,
        isFirstRestoreOpen: claim !== undefined && isHeldByRestore(claim),
        holdUntil,
        now: now(),
      }),
  };
}
