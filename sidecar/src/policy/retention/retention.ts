import { setImmediate as otherWork } from 'node:timers/promises';
import type { RetentionHold, RetentionPlan, RetentionSummary } from '../../../api/index.ts';
import type { Catalogs } from '../../backup/catalog/keepCatalogs.ts';
import type { Archives } from '../../browse/archives.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import type { Places } from '../../destinations/places.ts';
import { sameAs } from '../../destinations/places/sameStorage.ts';
import { textOf } from '../../errors.ts';
import type { AuditTrail } from '../../history/audit/auditTrail.ts';
import type { Records } from '../../history/durability/recordFile.ts';
import { recordsInMemory } from '../../history/durability/recordFile.ts';
import type { History } from '../../history/history.ts';
import type { Log } from '../../log.ts';
import { endsOf } from './chains.ts';
import type { DeletionPlace } from './deletion/applyPlans.ts';
import { applyPlans } from './deletion/applyPlans.ts';
import { dependentsIn, linksIn, noDependents, useOf } from './deletion/inUse.ts';
import type { PlaceDecision } from './deletion/placeDecisions.ts';
import { placeDecisions } from './deletion/placeDecisions.ts';
import type { Clocks } from './holds/clock.ts';
import { doubtOf, watchClock } from './holds/clock.ts';
import type { ShareFacts } from './holds/holds.ts';
import { placeHold, shareHold } from './holds/holds.ts';
import type { Line, LinesWorld } from './lines.ts';
import { linesOf } from './lines.ts';
import type { PlanFacts } from './planLine.ts';
import { planLine } from './planLine.ts';
import type { RetentionSettings } from './retentionSettings.ts';
import { summariesWith } from './summaries.ts';

export interface RetentionWorld {
  settings: RetentionSettings;
  history: History;
  inventory: Pick<Inventory, 'claim' | 'claims' | 'namespace' | 'isReady' | 'problems'>;
  places: Pick<Places, 'all' | 'get'>;
  /** @returns the annotation `nkvm.io/keep` of the Secret of a destination. */
  keepOfPlace(destination: string): string | undefined;
  catalogs: Pick<Catalogs, 'of'>;
  archives: Pick<Archives, 'ref' | 'openQuickly' | 'forget'>;
  clusterUid: string;
  /** In the audit log. */
  clusterName?: string;
  /** Whether that is the cluster of NKVM: a request need not name it. Default: it is. */
  isOwn?: boolean;
  installation: string;
  /** An archive that cannot be recorded is not deleted. */
  audit?: AuditTrail;
  isRead(destination: string, key: string): boolean;
  now(): Date;
  clocks?: () => Clocks;
  /** @returns by how much the clock is ahead of that of the API server, in milliseconds; undefined: that one does not say */
  aheadOfServer?(signal: AbortSignal): Promise<number | undefined>;
  /** Outlive the process; without them, they end with it. */
  decisions?: Records<PlaceDecision>;
  log: Pick<Log, 'info' | 'warn'>;
}

/** Plans for archives, and the deletion of those that a plan lets go. */
export interface Retention {
  /** @returns the plan of a claim for each destination with archives of it. It takes about a millisecond. */
  retentionOf(claim: ClaimName): RetentionPlan[];
  /** @returns the same without the archives, as of the last time that the claim was planned. A list of thousands asks for all. */
  summariesOf(claim: ClaimName): RetentionSummary[];
  /** Plans the claims whose summary is missing, or older than a change. Passes do not overlap. Never rejects. */
  renewSummaries(): Promise<void>;
  /** @returns how many plans that would delete something are held, by the kind of the hold, as of the last round. */
  holds(): ReadonlyMap<RetentionHold['kind'], number>;
  /**
   * A person lets the archives go that the circuit breaker holds at a destination.
   * @returns false: another number would go now, or nothing is held
   */
  approve(destination: string, removed: number): boolean;
  /** Applies the plans at each destination that was listed since the last time. Never rejects. */
  tick(): Promise<void>;
  stop(): Promise<void>;
}

type ClaimName = { namespace: string; name: string };

/** Archives at a destination, as of the last look at all claims. */
type PlaceShare = Pick<ShareFacts, 'removed' | 'present' | 'ends'>;

/** Claims that are planned before other work has its turn: some milliseconds. */
const PIECE = 10;
const USE_MS = 2_000;

export function retentionWith(world: RetentionWorld): Retention {
  const { settings, history, inventory, places, catalogs, now, log } = world;
  const stopping = new AbortController();
  const monotonic = () => performance.now();
  const clock = watchClock(
    world.clocks ?? (() => ({ wall: now().getTime(), monotonic: monotonic() })),
    history.archives.newestRunAt()
  );
  const shares = new Map<string, PlaceShare>();
  const applied = new Map<string, string>();
  const decisions = placeDecisions(world.decisions ?? recordsInMemory(), now);
  /** Newest runs whose data was compared with the backup before. */
  const compared = new Map<string, string>();
  /** Destinations whose round waits until all claims are known. */
  const waiting = new Set<string>();
  let counts = new Map<RetentionHold['kind'], number>();
  let clockProblem: string | null = null;
  /** As of the last round that might have deleted something. */
  let serverProblem: string | null = null;
  let turn = Promise.resolve();

  const linesWorld: LinesWorld = {
    ...{ history, inventory, now, clusterUid: world.clusterUid },
    ...{ keep: settings.keep, keepDeleted: settings.keepDeleted },
  };
  const holdAt = (destination: string): RetentionHold | null =>
    placeHold({
      ...{
        destination,
        clock: clockProblem,
        now: now(),
        refused: decisions.refusalOf(destination),
      },
      catalog: catalogs.of(destination),
    });
  const breakerAt = (destination: string): RetentionHold | null => {
    const share = shares.get(destination);
    return share
      ? shareHold({
          ...{ destination, ...share, maxSharePercent: settings.maxSharePercent },
          cluster: world.isOwn === false ? world.clusterName : undefined,
          approved: decisions.approvedOf(destination, share.removed),
        })
      : null;
  };

  let use: { at: number; facts: Pick<PlanFacts, 'useOf' | 'failedChecks'> } | undefined;
  const factsNow = (): PlanFacts => {
    if (!use || monotonic() - use.at > USE_MS)
      use = {
        at: monotonic(),
        facts: {
          useOf: useOf({
            unfinished: history.unfinished(),
            isRead: world.isRead,
            dependsOn: noDependents,
            linksOf: linksIn(history),
          }),
          failedChecks: history.archives.failedChecks(),
        },
      };
    return {
      ...use.facts,
      floor: settings.floor,
      keepOfPlace: world.keepOfPlace,
      placeHold: holdAt,
      listedFrom: destination => catalogs.of(destination)?.listing?.beganAt,
    };
  };

  /** Without the hold on all deletions at a destination together. */
  const livePlansOf = (claim: ClaimName): RetentionPlan[] => {
    const [live] = linesOf(claim.namespace, claim.name, linesWorld);
    return !live || live.liveUid === null ? [] : planLine(live, factsNow());
  };
  const plansOf = (claim: ClaimName): RetentionPlan[] =>
    livePlansOf(claim).map(plan =>
      plan.removed > 0 && plan.hold === null ? { ...plan, hold: breakerAt(plan.destination) } : plan
    );

  const summaries = summariesWith({ plan: livePlansOf, holdAt: breakerAt, elapsed: monotonic });
  const stopListening = history.onChange(run => summaries.changed(run));
  let renewing: Promise<void> | undefined;
  const renew = async (): Promise<void> => {
    try {
      if (inventory.isReady()) await summaries.renew(inventory.claims(), stopping.signal);
    } catch (error) {
      if (stopping.signal.aborted) return;
      log.warn({}, `retention could not be planned for all volumes: ${textOf(error)}`);
    }
  };

  /** Plans all claims. @returns those of which archives would go, with where */
  const survey = async (): Promise<(ClaimName & { at: Set<string> })[]> => {
    const found = new Map<string, PlaceShare>();
    const held = new Map<RetentionHold['kind'], number>();
    const affected: (ClaimName & { at: Set<string> })[] = [];
    const facts = factsNow();
    let done = 0;
    for (const claim of history.archives.backedUpClaims()) {
      const at = new Set<string>();
      for (const line of linesOf(claim.namespace, claim.name, linesWorld)) {
        const plans = planLine(line, facts);
        if (line.liveUid !== null) summaries.remember(claim, plans);
        for (const { destination, archives, removed, hold } of plans) {
          const share = found.get(destination) ?? {
            ...{ removed: 0, present: 0 },
            ends: { removed: 0, present: 0 },
          };
          found.set(destination, share);
          const ends = endsOf(line.archives.filter(each => each.destination === destination));
          share.present += archives.length;
          share.ends.present += ends.size;
          if (removed === 0) continue;
          if (hold) held.set(hold.kind, (held.get(hold.kind) ?? 0) + 1);
          else {
            share.removed += removed;
            share.ends.removed += archives.filter(
              ({ keep, backup }) => !keep && ends.has(backup)
            ).length;
            at.add(destination);
          }
        }
      }
      if (at.size > 0) affected.push({ ...claim, at });
      if (++done % PIECE === 0) await otherWork(undefined, { signal: stopping.signal });
    }
    shares.clear();
    for (const [destination, share] of found) shares.set(destination, share);
    for (const { at } of affected)
      for (const destination of at)
        if (breakerAt(destination)) held.set('share', (held.get('share') ?? 0) + 1);
    counts = held;
    return affected;
  };

  const placeOf = (destination: string): DeletionPlace | undefined => {
    const place = places.get(destination);
    return (
      place && {
        destination: place.use(),
        undeleted: catalogs.of(destination)?.listing?.undeleted ?? [],
        most: shares.get(destination)?.removed ?? 0,
      }
    );
  };

  const round = async (due: readonly string[]): Promise<void> => {
    if (due.length > 0)
      serverProblem = await doubtOf(async () => await world.aheadOfServer?.(stopping.signal));
    clockProblem = clock(history.archives.newestRunAt()) ?? serverProblem;
    // A claim that the watches do not have may exist while one of them does not answer.
    const knowsClaims = inventory.isReady() && inventory.problems().length === 0;
    if (!knowsClaims) due.forEach(destination => waiting.add(destination));
    if (due.length === 0 || !knowsClaims) return;
    waiting.clear();
    use = undefined;
    const affected = await survey();
    for (const destination of due) {
      const hold = holdAt(destination) ?? breakerAt(destination);
      if (hold) {
        log.warn({ destination, hold: hold.kind }, `retention deletes nothing: ${hold.message}`);
        continue;
      }
      const place = placeOf(destination);
      if (!place) continue;
      decisions.begin(destination);
      const refusal = await applyPlans(
        place,
        affected.filter(({ at }) => at.has(destination)),
        {
          ...world,
          compared,
          onDeleted: () => decisions.deleted(destination),
          signal: stopping.signal,
          clusters: new Set([world.clusterUid]),
          dependsOn: dependentsIn(history),
          floor: settings.floor,
          isSame: sameAs(place.destination, places, world.installation, stopping.signal),
          isBad: backup => factsNow().failedChecks.has(backup),
          plansOf: claim =>
            linesOf(claim.namespace, claim.name, linesWorld).flatMap((line: Line) => {
              const plan = planLine(line, factsNow()).find(one => one.destination === destination);
              return plan ? [{ line, plan }] : [];
            }),
        }
      );
      shares.delete(destination); // it is counted anew at the next round
      if (refusal !== null) decisions.refuse(destination, refusal);
      // An approval that was interrupted goes on at the next start.
      if (!stopping.signal.aborted) decisions.end(destination);
    }
    use = undefined;
  };

  const rounds = (dueNow: () => string[]): Promise<void> => {
    turn = turn
      .then(async () => {
        if (!stopping.signal.aborted) await round([...new Set([...waiting, ...dueNow()])]);
      })
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) log.warn({}, `retention was not applied: ${textOf(error)}`);
      });
    return turn;
  };

  return {
    retentionOf: plansOf,
    summariesOf: claim => summaries.of(claim) ?? [],
    renewSummaries: () => (renewing ??= renew().finally(() => (renewing = undefined))),
    holds: () => counts,
    approve(destination, removed) {
      if (breakerAt(destination)?.kind !== 'share') return false;
      if (shares.get(destination)?.removed !== removed) return false;
      decisions.approve(destination, removed);
      void rounds(() => [destination]);
      return true;
    },
    tick: () =>
      rounds(() =>
        places.all().flatMap(({ name }) => {
          const readAt = catalogs.of(name)?.catalog?.readAt;
          if (readAt === undefined || applied.get(name) === readAt) return [];
          applied.set(name, readAt);
          return [name];
        })
      ),
    async stop() {
      stopping.abort();
      stopListening();
      await turn;
      await renewing;
    },
  };
}
