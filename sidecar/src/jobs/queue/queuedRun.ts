import type { Backup } from '../../../api/index.ts';
import type { RunChange, RunRecord } from '../../history/history.ts';
import { timeOfRunId } from '../../history/runId.ts';
import type { JobRequest, Place, Target } from '../job.ts';

/** @returns a run that waits for its turn, as it is written down first. */
export const queued = (
  target: Target,
  place: Place,
  request: JobRequest,
  id: string
): RunRecord => ({
  id,
  kind: request.kind,
  namespace: target.namespace,
  name: target.name,
  uid: target.uid,
  namespaceUid: place.namespaceUid,
  clusterUid: place.clusterUid,
  status: 'queued',
  stage: null,
  bytes: null,
  sha256: null,
  archive: null,
  destinations: [...(target.destinations ?? [])],
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
  priority: request.priority,
  attempt: 1,
  retryAt: null,
  queuePosition: null,
  stages: [],
  seal: null,
  chain: null,
  helper: null,
  transport: null,
  transportReason: null,
  acceptEmpty: request.acceptEmpty,
  verify: request.verify,
  form: request.form,
  requestedBy: request.requestedBy,
  restoreCommand: null,
  provenRestorableAt: null,
  ...(request.details && { details: request.details }),
});

/** A run that waits; one that waits for its next attempt says where the last one failed, and why. */
type WaitingRun = Pick<RunRecord, 'stage' | 'message'>;

/** @returns what becomes of a run that a person cancels while it waits. */
export const cancelledInQueue = (run: WaitingRun, at: Date): RunChange => ({
  status: 'cancelled',
  message: `cancelled while it was queued${beforeIt(run)}`,
  retryAt: null,
  endedAt: at.toISOString(),
});

/** Why a run that waits can no longer be carried out. */
export type FailedInQueue = Required<
  Pick<RunChange, 'reason' | 'message' | 'hint' | 'failureClass'>
>;

/** @returns what becomes of a run that waits, and of which it is known that it cannot be carried out. */
export const failedInQueue = (run: WaitingRun, why: FailedInQueue, at: Date): RunChange => ({
  ...why,
  status: 'failed',
  stage: run.stage ?? 'queue',
  message: `${why.message}${beforeIt(run)}`,
  retryAt: null,
  endedAt: at.toISOString(),
});

const beforeIt = ({ stage, message }: WaitingRun): string =>
  stage === null || message === '' ? '' : `; before that, ${message}`;

/** @returns the end of a run of a kind that this version cannot carry out; a later version may have queued it. */
export const unknownKind = ({ kind }: Backup, at: Date): RunChange => ({
  status: 'failed',
  stage: 'queue',
  reason: 'KindNotSupported',
  message: `this version of NKVM cannot carry out a run of kind ${kind}`,
  hint: 'start it again with the version of NKVM that offered it',
  failureClass: 'needs-action',
  endedAt: at.toISOString(),
});
