import type { OpenNamespaces } from '../backup/request/openNamespaces.ts';
import type { Archives } from '../browse/archives.ts';
import type { Access } from '../cluster/gateway/access.ts';
import type { Gateway } from '../cluster/gateway/gateway.ts';
import { claimPodsOf } from '../cluster/inventory/claimPods.ts';
import { claimsOf } from '../cluster/inventory/claims.ts';
import type { ClusterInventory } from '../cluster/inventory/inventory.ts';
import { fencedWorkloads, workloadsOf } from '../cluster/inventory/workloads.ts';
import { readLimits } from '../cluster/limits/quotas.ts';
import type { NamespaceFact } from '../cluster/watch/facts.ts';
import { claimWritesOf } from '../cluster/writes/claimWrites.ts';
import { eventsOf } from '../cluster/writes/events.ts';
import { volumeWritesOf } from '../cluster/writes/volumeWrites.ts';
import type { Places } from '../destinations/places.ts';
import type { StageError } from '../errors.ts';
import { textOf } from '../errors.ts';
import type { Fence } from '../fence.ts';
import type { HelperCluster } from '../helper/helper.ts';
import { ownHelpers } from '../helper/ownHelper.ts';
import type { PushListener } from '../helper/push/listener.ts';
import type { HelperSettings } from '../helper/settings/settings.ts';
import type { WaitLimits } from '../helper/wait/waitLimits.ts';
import type { History } from '../history/history.ts';
import type { CarryOut } from '../jobs/inside.ts';
import type { JobKind } from '../jobs/job.ts';
import type { Log } from '../log.ts';
import type { RestoreWorld } from './attempt.ts';
import { leftClaims } from './claim/leftClaims.ts';
import { restoreEngine } from './engine.ts';
import type { HandOverWorld } from './handOver/handOver.ts';
import { populating } from './handOver/populating.ts';
import { pastRestores } from './pastRestores.ts';
import { lookIntoClaim } from './plan/lookInto.ts';
import type { Looks } from './plan/looks.ts';
import { restoreJob } from './restoreJob.ts';
import { safetyBackups } from './safetyBackup.ts';
import type { Scaler } from './scale/scaler.ts';
import { scalerOf } from './scale/scalerOf.ts';
import { SCALE_LIMITS } from './scale/wait.ts';
import { entriesOf } from './selectEntries.ts';
import type { SourceWorld } from './source.ts';
import type { RestoreEngine } from './types.ts';

/** The dependencies of restores on the rest of the process. */
export interface RestoreParts extends Pick<SourceWorld, 'uploadOf' | 'elsewhere'> {
  gateway: Gateway;
  history: History;
  inventory: ClusterInventory;
  places: Places;
  access: Access;
  /** As for backups. */
  helpers: {
    cluster: HelperCluster;
    helperSettings: HelperSettings;
    push?: PushListener;
    waitLimits: WaitLimits;
    runTimeoutMs: number;
  };
  /** See `PlanWorld`. */
  open?: Pick<OpenNamespaces, 'ask'>;
  isRestricted(namespace: NamespaceFact): boolean;
  installation: string;
  /** Namespace of fillings; see `handOver/filling.ts`. */
  fillings: string;
  fence: Fence;
  /** How long the pods of stopped workloads may take to end. */
  podsGoneMs: number;
  /** Of the queue. */
  carryOut: CarryOut;
  /** @returns why the destination has too little space for another archive; undefined: it has enough. */
  room(): Promise<StageError | undefined>;
  looks: Looks;
  archives(): Archives;
  /** @returns the ids of the runs under way. */
  running(): string[];
  now(): Date;
  log: Log;
}

/** Restores, ready for the queue and for the routes. */
export interface Restores {
  kind: JobKind;
  engine: RestoreEngine;
  scaler: Scaler;
  /** The parts that carry out a restore; drills use them, too. */
  world: RestoreWorld;
  /** The parts that hand volumes over. */
  handOver: HandOverWorld;
  /**
   * Starts workloads again, and deletes claims, that restores which have ended have left. At the start, when the inventory is
   * ready, and now and then. Never throws.
   */
  tidyUp(): Promise<void>;
}

/** Puts together what restores are made of. Nothing is started. */
export function composeRestores(parts: RestoreParts): Restores {
  const { gateway, helpers, archives, looks, running, ...rest } = parts;
  const { history, inventory, installation, fence, log, now } = rest;
  const readClaimPods = claimPodsOf(gateway);
  const isOwnHelper = ownHelpers(installation, id => looks.get(id) ?? history.get(id));
  const scaler = scalerOf({
    ...{ inventory, installation, log, now },
    workloads: fencedWorkloads(workloadsOf(gateway), fence),
    ...{ readClaimPods, isOwnHelper },
    isUnderWay: id => history.get(id)?.endedAt === null,
    restoresInto: claim => pastRestores(history, claim),
    sendEvent: eventsOf(gateway),
    limits: { ...SCALE_LIMITS, podsGoneMs: parts.podsGoneMs },
  });
  const claims = claimWritesOf(gateway);
  const world: RestoreWorld = {
    ...rest,
    ...helpers,
    ...{ scaler, claims },
    readClaim: claimsOf(gateway),
    async readUsers(namespace, claim, signal) {
      const found = await readClaimPods(namespace, claim, signal);
      return found.filter(pod => !isOwnHelper({ namespace, ...pod }));
    },
    selectEntries: entriesOf(archives),
    takeSafetyBackup: safetyBackups({ history, carryOut: parts.carryOut }),
  };
  const engine = restoreEngine({
    ...world,
    ...rest,
    readLimits: (namespace, signal) => readLimits(gateway, namespace, signal),
    lookInto: lookIntoClaim({
      ...world,
      ...{ archives, looks },
      isBusy: ({ uid }) => running().some(id => history.get(id)?.uid === uid),
    }),
    backupObstacle: parts.room,
  });
  const deleteLeft = leftClaims({ inventory, history, claims, installation, log });
  const handOver = { ...world, volumes: volumeWritesOf(gateway), fillings: parts.fillings };
  return {
    kind: populating(restoreJob(world), handOver),
    ...{ engine, scaler, world, handOver },
    async tidyUp() {
      try {
        // A process that was replaced does not know the runs of its successor, and would take their claims for left.
        fence.assertHeld();
      } catch (error) {
        return log.warn({}, `leftovers of restores cannot be cleaned up: ${textOf(error)}`);
      }
      await Promise.all([scaler.recover(), deleteLeft()]);
    },
  };
}
