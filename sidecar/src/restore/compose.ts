import type { Admission } from '../backup/admission.ts';
import type { Access } from '../cluster/access.ts';
import { claimPodsOf } from '../cluster/claimPods.ts';
import { claimsOf } from '../cluster/claims.ts';
import { claimWritesOf } from '../cluster/claimWrites.ts';
import { eventsOf } from '../cluster/events.ts';
import type { Gateway } from '../cluster/gateway.ts';
import type { ClusterInventory } from '../cluster/inventory.ts';
import { readLimits } from '../cluster/quotas.ts';
import { workloadsOf } from '../cluster/workloads.ts';
import type { Destination } from '../destinations/destination.ts';
import type { HelperCluster } from '../helper/helper.ts';
import { ownHelpers } from '../helper/ownHelper.ts';
import type { History } from '../history/history.ts';
import type { JobKind } from '../jobs/job.ts';
import type { Log } from '../log.ts';
import type { RestoreWorld, SelectEntries, TakeSafetyBackup } from './attempt.ts';
import { restoreEngine } from './engine.ts';
import type { LookInto } from './lookInto.ts';
import { restoreJob } from './restoreJob.ts';
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
  /** Of backups, for the one that is made before a restore. */
  admission(): Admission;
  selectEntries: SelectEntries;
  lookInto: LookInto;
  takeSafetyBackup: TakeSafetyBackup;
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
export function composeRestores({ gateway, helpers, admission, ...parts }: RestoreParts): Restores {
  const { history, inventory, installation, log, now } = parts;
  const scaler = scalerOf({
    ...{ inventory, installation, log, now },
    workloads: workloadsOf(gateway),
    readClaimPods: claimPodsOf(gateway),
    isOwnHelper: ownHelpers(installation, id => history.get(id)),
    isUnderWay: id => history.get(id)?.endedAt === null,
    sendEvent: eventsOf(gateway),
    limits: SCALE_LIMITS,
  });
  const world: RestoreWorld = {
    ...parts,
    ...helpers,
    scaler,
    claims: claimWritesOf(gateway),
    readClaim: claimsOf(gateway),
  };
  const engine = restoreEngine({
    ...world,
    ...parts,
    readLimits: (namespace, signal) => readLimits(gateway, namespace, signal),
    async backupObstacle(namespace, name) {
      const { refused } = await admission().admit([{ namespace, name }]);
      return refused[0]?.error;
    },
  });
  return { kind: restoreJob(world), engine, scaler, world };
}
