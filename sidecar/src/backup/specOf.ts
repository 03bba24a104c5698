import type { Claim } from '../cluster/inventory/inventory.ts';
import { StageError } from '../errors.ts';
import type { DeferredError } from '../helper/deferredError.ts';
import { notNow } from '../helper/deferredError.ts';
import type { HelperSpec } from '../helper/manifest.ts';
import { troubleAt } from '../helper/wait/helperNode.ts';
import { placementOf } from '../helper/wait/placement.ts';
import type { Attempt } from './attempt.ts';

/** @returns the helper pod of an attempt. @throws StageError when no helper can have the volume. */
export function specOf({ run, claim, world, reads }: Attempt): HelperSpec {
  const nodes = world.cluster.nodes?.() ?? [];
  const placement = placementOf(claim, nodes);
  if ('refuse' in placement) {
    const { reason, message, hint } = placement.refuse;
    // It could be had when the run was asked for.
    if (reason === 'ClaimInUse') throw notNow('create', reason, message, hint);
    throw new StageError('create', reason, message, hint, 'needs-action');
  }
  const trouble = troubleAt(placement.node, nodes);
  if (trouble !== undefined) throw nodeNotReady(claim, placement.node, trouble);
  return {
    runId: run.id,
    attempt: run.attempt,
    installation: world.identity.installation,
    claimName: claim.name,
    access: 'read',
    settings: { ...world.helperSettings, ...reads?.ids },
    node: placement.node,
    nodeTolerations: placement.tolerations,
    deadlineMs: world.runTimeoutMs,
  };
}

const nodeNotReady = (
  { namespace, name }: Claim,
  node: string | null,
  trouble: string
): DeferredError =>
  notNow(
    'create',
    'NodeNotReady',
    `claim ${namespace}/${name} can be read only on node ${node} now: ${trouble}`,
    `see why with kubectl describe node ${node}; NKVM tries again by itself`
  );
