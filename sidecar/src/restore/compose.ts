import type { Access } from '../cluster/access.ts';
import { claimPodsOf } from '../cluster/claimPods.ts';
import { claimsOf } from '../cluster/claims.ts';
import { claimWritesOf } from '../cluster/claimWrites.ts';
import { eventsOf } from '../cluster/events.ts';
import type { Gateway } from '../cluster/gateway.ts';
import type { ClusterInventory } from '../cluster/inventory.ts';
import { readLimits } from '../cluster/quotas.ts';
import { fencedWorkloads, workloadsOf } from '../cluster/workloads.ts';
import type { Destination } from '../destinations/destination.ts';
import { StageError } from '../errors.ts';
import type { Fence } from '../fence.ts';
import type { HelperCluster } from '../helper/helper.ts';
import { ownHelpers } from '../helper/ownHelper.ts';
import type { History } from '../history/history.ts';
import type { CarryOut } from '../jobs/inside.ts';
import type { JobKind } from '../jobs/job.ts';
import type { Log } from '../log.ts';
import type { RestoreWorld } from './attempt.ts';
import { restoreEngine } from './engine.ts';
import { restoreJob } from './restoreJob.ts';
import { safetyBackups } from './safetyBackup.ts';
import type { Scaler } from './scale/scaler.ts';
import { scalerOf } from './scale/scalerOf.ts';
import { SCALE_LIMITS } from './scale/wait.ts';
import type { SourceWorld } from './source.ts';
import type { RestoreEngine } from './types.ts';

/** What restores need of the rest of the process. */
export interface RestoreParts extends Pick<SourceWorld, 'uploadOf'> {
  gateway: Gateway;
  history: History;
  inventory: ClusterInventory;
  destination: Destination;
  access: Access;
  /** As for backups. */
  helpers: {
    cluster: HelperCluster;
    image: string;
    memoryLimit: string;
    podTimeoutMs: number;
    runTimeoutMs: number;
  };
  installation: string;
  fence: Fence;
  /** How long the pods of stopped workloads may take to end. */
  podsGoneMs: number;
  /** Of the queue. */
  carryOut: CarryOut;
  /** @returns why the destination has too little space for another archive; undefined: it has enough. */
  room(): Promise<StageError | undefined>;
  now(): Date;
  log: Log;
}

/** Restores, ready for the queue and for the routes. */
export interface Restores {
  kind: JobKind;
  engine: RestoreEngine;
  scaler: Scaler;
  world: RestoreWorld;
}

/** Puts together what restores are made of. Nothing is started. */
export function composeRestores({ gateway, helpers, ...parts }: RestoreParts): Restores {
  const { history, inventory, installation, log, now } = parts;
  const scaler = scalerOf({
    ...{ inventory, installation, log, now },
    workloads: fencedWorkloads(workloadsOf(gateway), parts.fence),
    readClaimPods: claimPodsOf(gateway),
    isOwnHelper: ownHelpers(installation, id => history.get(id)),
    isUnderWay: id => history.get(id)?.endedAt === null,
    sendEvent: eventsOf(gateway),
    limits: { ...SCALE_LIMITS, podsGoneMs: parts.podsGoneMs },
  });
  const world: RestoreWorld = {
    ...parts,
    ...helpers,
    scaler,
    claims: claimWritesOf(gateway),
    readClaim: claimsOf(gateway),
    async selectEntries() {
      throw notYet('some files of an archive', 'restore everything, into a new claim');
    },
    takeSafetyBackup: safetyBackups({ history, carryOut: parts.carryOut }),
  };
  const engine = restoreEngine({
    ...world,
    ...parts,
    readLimits: (namespace, signal) => readLimits(gateway, namespace, signal),
    lookInto: async () => ({ later: 'the claim is looked into before anything is written' }),
    backupObstacle: parts.room,
  });
  return { kind: restoreJob(world), engine, scaler, world };
}

const notYet = (what: string, hint: string): StageError =>
  new StageError(
    'queue',
    'NotSupported',
    `this version does not restore ${what}`,
    hint,
    'needs-action'
  );
