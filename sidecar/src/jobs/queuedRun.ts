import type { Backup } from '../../api/index.ts';
import { claimGone } from '../backup/breakOff.ts';
import type { Claim } from '../cluster/inventory.ts';
import type { RunChange } from '../history/history.ts';
import { timeOfRunId } from '../history/runId.ts';

/** @returns a run that waits for its turn, as it is written down first. */
export const queued = (
  claim: Claim,
  requestedBy: string,
  priority: Backup['priority'],
  id: string
): Backup => ({
  id,
  namespace: claim.namespace,
  name: claim.name,
  uid: claim.uid,
  kind: 'backup',
  namespaceUid: null,
  clusterUid: null,
  status: 'queued',
  stage: null,
  bytes: null,
  sha256: null,
  archive: null,
  copies: [],
  message: '',
  reason: null,
  hint: null,
  failureClass: null,
  warnings: [],
  tarMessages: [],
  warningCount: 0,
  createdAt: timeOfRunId(id).toISOString(), // so that order holds when the clock is set back
  startedAt: null,
  endedAt: null,
  priority,
  attempt: 1,
  retryAt: null,
  queuePosition: null,
  stages: [],
  seal: null,
  helper: null,
  acceptEmpty: false,
  verify: null,
  requestedBy,
  restoreCommand: null,
});

/** @returns what becomes of a run that a person cancels while it waits. */
export const cancelledInQueue = (at: Date): RunChange => ({
  status: 'cancelled',
  message: 'cancelled while it was queued',
  retryAt: null,
  endedAt: at.toISOString(),
});

/** @returns what becomes of a run whose claim was deleted, and perhaps made again, while it waited. */
export const goneEnd = (run: Backup, claim: Claim | undefined, at: Date): RunChange => {
  const { stage, reason, message, hint, class: failureClass } = claimGone(run, claim !== undefined);
  return {
    status: 'failed',
    stage,
    reason,
    message,
    hint,
    failureClass,
    endedAt: at.toISOString(),
  };
};
