import type { ReadClaimPods } from '../../cluster/inventory/claimPods.ts';
import type { ClusterInventory } from '../../cluster/inventory/inventory.ts';
import type { PodIdentity } from '../../cluster/inventory/startInventory.ts';
import type { Workloads } from '../../cluster/inventory/workloads.ts';
import type { SendEvent } from '../../cluster/writes/events.ts';
import type { Log } from '../../log.ts';
import type { PastRestore } from './partHolder.ts';
import type { ScaleLimits } from './wait.ts';

/** The dependencies of stopping and starting workloads. */
export interface ScaleWorld {
  inventory: Pick<ClusterInventory, 'usersOf' | 'podsOf' | 'noted' | 'isReady'>;
  workloads: Workloads;
  readClaimPods: ReadClaimPods;
  /** Helper pods of NKVM do not count as users of a claim. */
  isOwnHelper(pod: PodIdentity): boolean;
  installation: string;
  /** Whether a run has not ended yet; false for one that the history does not know. */
  isUnderWay(runId: string): boolean;
  /** @returns what the history knows of the restores into a claim, newest first. */
  restoresInto(claim: { namespace: string; name: string; uid: string }): PastRestore[];
  sendEvent: SendEvent;
  log: Log;
  now(): Date;
  limits: ScaleLimits;
}
