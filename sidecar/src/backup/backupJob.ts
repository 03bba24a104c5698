import type { Backup } from '../../api/index.ts';
import { LOCAL_DESTINATION } from '../../api/index.ts';
import type { Claim } from '../cluster/inventory/inventory.ts';
import type { NodeFact } from '../cluster/watch/facts.ts';
import { placementOf } from '../helper/wait/placement.ts';
import { claimGone } from '../helper/withHelper.ts';
import type { RunChange } from '../history/history.ts';
import type { JobEnd, JobKind } from '../jobs/job.ts';

export interface BackupJobOptions {
  /** @returns the claim as it is now. */
  claimOf(namespace: string, name: string): Claim | undefined;
  /** @returns the nodes of the cluster. */
  nodes?(): readonly NodeFact[];
  now(): Date;
  /** Carries out one attempt. Never throws. */
  run(
    run: Backup,
    claim: Claim,
    report: (change: RunChange) => void,
    signal: AbortSignal
  ): Promise<JobEnd>;
}

/** Backups, as the queue sees them. */
export const backupJob = ({
  claimOf,
  nodes = () => [],
  now,
  run: carryOut,
}: BackupJobOptions): JobKind => ({
  access: 'read',
  needsRoom: ({ destinations }) => destinations.every(name => name === LOCAL_DESTINATION),

  nodeOf({ namespace, name }) {
    const claim = claimOf(namespace, name);
    const placement = claim && placementOf(claim, nodes());
    return placement && 'node' in placement ? placement.node : null;
  },

  async work(run, report, signal) {
    const claim = claimOf(run.namespace, run.name);
    if (claim?.uid === run.uid) return await carryOut(run, claim, report, signal);
    const {
      stage,
      reason,
      message,
      hint,
      class: failureClass,
    } = claimGone('create', run, claim !== undefined);
    const endedAt = now().toISOString();
    return { status: 'failed', stage, reason, message, hint, failureClass, endedAt };
  },
});
