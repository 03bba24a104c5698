import { setImmediate as yieldOnce } from 'node:timers/promises';
import { START_ANNOTATION } from '../../../api/index.ts';
import { clusterPart } from '../../archive/name.ts';
import { lane } from '../../cluster/gateway/lane.ts';
import type { Claim, Inventory } from '../../cluster/inventory/inventory.ts';
import type { Destination } from '../../destinations/destination.ts';
import type { Place, Places } from '../../destinations/places.ts';
import { StageError, textOf } from '../../errors.ts';
import type { History } from '../../history/history.ts';
import type { Log } from '../../log.ts';
import { startWishOf } from '../wish/startWish.ts';
import type { Continues } from './continues.ts';
import { decide } from './decide.ts';
import type { Candidate, FailedRestore } from './decision.ts';
import type { DecisionCall, DecisionFor } from './decisionFor.ts';
import type { FoundArchive, PlaceAnswer, PopulateFacts } from './facts.ts';
import { isFirstRestoreOpen } from './firstRestore.ts';
import { fromHistory } from './fromHistory.ts';
import type { ListedPlace } from './listings.ts';
import { listings } from './listings.ts';
import type { LookWorld } from './lookAt.ts';
import { lookAt } from './lookAt.ts';
import { manifests } from './manifests.ts';

export interface DecisionsWorld {
  places: Pick<Places, 'all'>;
  history: Pick<History, 'list' | 'get' | 'ofBackup'>;
  /** @returns whether the history was compared with the destination since the start. */
  isHistoryReady(): boolean;
  inventory: Pick<Inventory, 'claims' | 'namespace' | 'isReady'>;
  clusterUid: string;
  clusterName: string;
  continues: Continues;
  /** Whether NKVM may use the namespace of a claim; absent: it may use all. */
  isSelected?(namespace: string): Promise<boolean | 'unknown'>;
  log?: Pick<Log, 'info'> | undefined;
  now?: (() => number) | undefined;
  /** How long one claim waits for the destinations. Default: 30 minutes. */
  limitMs?: number | undefined;
}

/** A bucket of a million keys is listed within minutes. */
const LIMIT_MS = 30 * 60_000;

/** Claims whose manifests are read at once. */
const CLAIMS_TOGETHER = 8;

/** Decisions about claims. `stop` ends listings that are under way. */
export interface Decisions {
  decisionFor: DecisionFor;
  stop(): void;
}

/** @returns what gathers the facts about a claim, with the authority of every destination, and decides. */
export function decisionsBy(world: DecisionsWorld): Decisions {
  const { places, inventory, clusterUid, continues, now = Date.now } = world;
  const history = fromHistory(world.history, clusterUid);
  const waiting = () =>
    inventory.isReady()
      ? inventory.claims().filter(claim => claim.phase === 'Pending' && isFirstRestoreOpen(claim))
      : [];
  const shared = listings({ waiting, now });
  const reading = lane(CLAIMS_TOGETHER);
  /** UIDs of clusters that any destination has an archive of. */
  const seen = new Set<string>();
  const ours = continues === undefined || continues === 'none' ? [] : continues;
  const ourNames = new Set([world.clusterName, ...ours.map(({ name }) => name)].map(clusterPart));
  /** Where a cluster is named by its UID alone, its archives may have any name. */
  const isAnyName = ours.some(({ name, uid }) => name === uid);
  const looks: LookWorld = {
    manifests: manifests(),
    history,
    mayBeOurs: cluster => isAnyName || ourNames.has(cluster),
    clusterOf: (uid, archive) => {
      if (uid === clusterUid) return 'own';
      if (uid !== null) return ours.some(each => each.uid === uid) ? 'continued' : 'other';
      // Format version 1 names no cluster: only the history knows.
      return history.claimOf(archive.runId) ? 'own' : 'other';
    },
    onCluster: uid => seen.add(uid),
  };

  /** Looks for clusters that this one continues in the oldest and newest archives of each name. */
  const sample = async (to: Destination, { samples }: ListedPlace, signal: AbortSignal) => {
    for (const archive of [...samples.values()].flat()) {
      if (ours.every(({ uid }) => seen.has(uid))) return;
      const manifest = await looks.manifests.read(archive, to, signal);
      if (!('fails' in manifest) && manifest.clusterUid !== null) seen.add(manifest.clusterUid);
    }
  };

  const ask = async (
    place: Place,
    claim: Claim,
    failed: readonly FailedRestore[],
    notBefore: number,
    signal: AbortSignal
  ): Promise<PlaceAnswer> => {
    const { name } = place;
    try {
      const to = place.use();
      const listed = await shared.list(to, claim, notBefore, signal);
      const leave = await reading.enter(signal);
      const wish = { named: namedBy(claim), failed };
      const found = listed.ofClaim(claim);
      const archives = await lookAt(found, claim, wish, to, looks, signal).finally(leave);
      await yieldOnce();
      if (!archives.some(isOurs)) await sample(to, listed, signal);
      return { name, archives };
    } catch (error) {
      return { name, problem: problemOf(name, error, signal) };
    }
  };

  const factsOf = async (
    claim: Claim,
    { signal, failed = [] }: DecisionCall
  ): Promise<PopulateFacts> => {
    const isSelected = (await world.isSelected?.(claim.namespace)) ?? true;
    const isEnough =
      isSelected !== true || startWishOf(claim.policyNotes?.[START_ANNOTATION]).kind === 'empty';
    const limit = AbortSignal.timeout(world.limitMs ?? LIMIT_MS);
    const either = AbortSignal.any([signal, limit]);
    const notBefore = history.newestEnd(claim);
    const all = isEnough || !world.isHistoryReady() ? [] : places.all();
    const answers = await Promise.all(
      all.map(place => ask(place, claim, failed, notBefore, either))
    );
    signal.throwIfAborted();
    return {
      claim,
      namespace: namespaceState(inventory.namespace(claim.namespace)),
      isSelected,
      clusterUid,
      continues:
        ours.length > 0
          ? ours.map(each => ({ ...each, isSeen: seen.has(each.uid) }))
          : continues === 'none'
          ? 'none'
          : undefined,
      isHistoryReady: world.isHistoryReady(),
      places: answers,
      // Read last: a backup that ended meanwhile counts.
      expected: history.expected(claim),
      failed,
      now: new Date(now()),
    };
  };

  const told = new Set<string>();
  /** For administrators: messages on claims do not have the UID of another cluster. */
  const tellOfOthers = (others: readonly Candidate[]): void => {
    for (const { cluster, clusterUid } of others) {
      if (clusterUid === '' || told.has(clusterUid)) continue;
      told.add(clusterUid);
      const value = `${cluster}=${clusterUid}`;
      world.log?.info(
        { cluster, clusterUid },
        `destinations have backups of a cluster that this one does not continue; if it does, set NKVM_CONTINUES=${value}`
      );
    }
  };

  let lastTurn: Promise<unknown> = Promise.resolve();
  /** Thousands of claims may be decided at once, and each asks the history before it waits for anything. */
  const turn = async (signal: AbortSignal): Promise<void> => {
    lastTurn = lastTurn.then(() => yieldOnce());
    await lastTurn;
    signal.throwIfAborted();
  };

  return {
    async decisionFor(claim, call) {
      await turn(call.signal);
      const decision = decide(await factsOf(claim, call));
      if (decision.kind === 'ask') tellOfOthers(decision.others ?? []);
      return decision;
    },
    stop: () => shared.stop(),
  };
}

const isOurs = ({ cluster, state }: FoundArchive): boolean =>
  (cluster === 'own' || cluster === 'continued') && state.is === 'good';

const namedBy = ({ policyNotes }: Pick<Claim, 'policyNotes'>): string | undefined => {
  const wish = startWishOf(policyNotes?.[START_ANNOTATION]);
  return wish.kind === 'backup' ? wish.id : undefined;
};

const namespaceState = (fact: ReturnType<Inventory['namespace']>): PopulateFacts['namespace'] =>
  fact === undefined ? 'unknown' : fact.terminating ? 'terminating' : 'active';

function problemOf(name: string, error: unknown, signal: AbortSignal) {
  if (error instanceof StageError) {
    const { reason, message, hint, class: cause } = error;
    return { reason, message, hint, cause };
  }
  const isLate = signal.aborted;
  return {
    reason: isLate ? 'DestinationTimedOut' : 'Unexpected',
    message: isLate
      ? `destination ${name} was not listed to its end in time`
      : `destination ${name} cannot be listed: ${textOf(error)}`,
    hint: 'check that the storage answers; see the log of NKVM',
    cause: isLate ? 'transient' : 'unknown',
  };
}
