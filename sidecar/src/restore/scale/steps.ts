import { RESTORE_ANNOTATION } from '../../../api/index.ts';
import type { Workload, WorkloadChange } from '../../cluster/inventory/workloads.ts';
import type { Intent } from './intent.ts';
import { intentIn, noteOf } from './intent.ts';

/** For whom a workload is stopped. */
export type Stopping = Omit<Intent, 'was' | 'after'>;

/** Of a chain of restores that end half-way; the annotation stays short. */
const MOST_BEFORE = 10;

/** @returns what a workload is at, in the terms of its kind. */
export const levelOf = ({ kind, replicas, isSuspended }: Workload): Intent['was'] =>
  kind === 'CronJob' ? { suspend: isSuspended } : { replicas: replicas ?? 1 };

/** @returns whether a workload, by its spec, starts no pods. */
export const isStopped = (workload: Workload): boolean => {
  const level = levelOf(workload);
  return 'suspend' in level ? level.suspend : level.replicas === 0;
};

/** The next step to stop a workload. */
export type DownStep =
  | { kind: 'change'; change: WorkloadChange; was: Intent['was'] }
  /** It is stopped; `was` is what this run recorded, undefined where it had been stopped before. */
  | { kind: 'stopped'; was: Intent['was'] | undefined }
  | { kind: 'refused'; by: Intent | undefined };

/**
 * Decides how a workload is stopped for a run. Count and annotation change in one patch, so each row is a state that a crash
 * may have left.
 *
 * | annotation | spec | |
 * | --- | --- | --- |
 * | none | stopped | nothing to do, and nothing to set back |
 * | none | not stopped | recorded and stopped |
 * | of this run | stopped | done before: the recorded count stays |
 * | of this run | not stopped | somebody has started it since: that count is recorded, and it is stopped |
 * | of a run of NKVM that has ended, and has not set it back | stopped | recorded for this run, with the count of that one, and after it |
 * | of such a run | not stopped | recorded and stopped |
 * | of anything else, or not readable | any | refused |
 *
 * @param isOver whether a run of this installation has ended.
 */
export function downStep(
  workload: Workload,
  stopping: Stopping,
  isOver: (runId: string) => boolean
): DownStep {
  const found = workload.annotations[RESTORE_ANNOTATION];
  const intent = intentIn(found);
  const isOurs = intent?.installation === stopping.installation;
  const isThisRun = isOurs && intent.run === stopping.run;
  if (found !== undefined && !isThisRun && !(isOurs && isOver(intent.run))) {
    return { kind: 'refused', by: intent };
  }
  const stopped = isStopped(workload);
  if (stopped && (intent === undefined || isThisRun)) return { kind: 'stopped', was: intent?.was };
  const was = (stopped && intent?.was) || levelOf(workload);
  const stop = 'suspend' in was ? { suspend: true } : { replicas: 0 };
  const after =
    stopped && intent ? [...(intent.after ?? []), intent.run].slice(-MOST_BEFORE) : undefined;
  const note = noteOf({ ...stopping, ...(after && { after }), was });
  return { kind: 'change', change: { note, ...stop }, was };
}

/** The next step to start a workload again. */
export type UpStep =
  /** `kept`: somebody has changed the workload meanwhile, and it stays as it is. */
  | { kind: 'change'; change: WorkloadChange; was: Intent['was']; kept: Intent['was'] | undefined }
  /** It stays stopped; `by`: the restore that has left the claim as it is. */
  | { kind: 'held'; by: string; was: Intent['was'] }
  | { kind: 'nothing' };

/**
 * Decides how a workload is set back for a run.
 *
 * | annotation | spec | |
 * | --- | --- | --- |
 * | of this run | stopped, and the claim holds a part of an archive | stays stopped, and the annotation stays |
 * | of this run | stopped | set back to what was recorded, and the annotation goes, in one patch |
 * | of this run | not stopped | somebody's later change wins: only the annotation goes |
 * | of this run, on a ReplicaSet with a controller | any | a copy that the Deployment's controller has made: only the annotation goes |
 * | none, or of anything else | any | nothing |
 *
 * @param partHolder see `partHolder.ts`
 */
export function upStep(
  workload: Workload,
  run: Pick<Intent, 'run' | 'installation'>,
  partHolder: (intent: Intent) => string | undefined
): UpStep {
  const intent = intentIn(workload.annotations[RESTORE_ANNOTATION]);
  if (!intent || !isOf(intent, run)) return { kind: 'nothing' };
  const { was } = intent;
  if (isCopy(workload)) return { kind: 'change', change: { note: null }, was, kept: undefined };
  if (isStopped(workload)) {
    const by = partHolder(intent);
    if (by !== undefined) return { kind: 'held', by, was };
    return { kind: 'change', change: { note: null, ...was }, was, kept: undefined };
  }
  return { kind: 'change', change: { note: null }, was, kept: levelOf(workload) };
}

/** The controller of Deployments copies their annotations to their ReplicaSets, and never takes them away. */
export const isCopy = ({ kind, ownerReferences }: Workload): boolean =>
  kind === 'ReplicaSet' && ownerReferences.some(({ controller }) => controller);

const isOf = (intent: Intent, run: Pick<Intent, 'run' | 'installation'>): boolean =>
  intent.run === run.run && intent.installation === run.installation;
