import type { RunChange, RunRecord } from '../../history/history.ts';
import type { Log } from '../../log.ts';
import { aboutOf } from '../about.ts';
import type { JobEnd, JobKinds, RetryPolicy } from '../job.ts';
import { CANCELLED } from '../job.ts';
import { cancelledInQueue, unknownKind } from '../queue/queuedRun.ts';
import { deferralMs } from './deferral.ts';
import type { Outages } from './outages.ts';
import { nextAttempt } from './retry.ts';

/** The part of the queue that one attempt uses. */
export interface AttemptWorld {
  kinds: JobKinds;
  /** Writes a change to the history, however long that takes. */
  record(id: string, change: RunChange): Promise<void>;
  /** Changes a run in memory: progress. */
  note(id: string, change: RunChange): void;
  retry: RetryPolicy;
  outages: Outages;
  /** How many attempts of a run did not count because of an outage. */
  forgiven: Map<string, number>;
  /** How often a run was deferred. */
  deferrals: Map<string, number>;
  /** Is told of a run that made way for a pod. */
  onDeferred?(run: RunRecord, pod: string): void;
  now(): Date;
  log: Log;
}

/**
 * How an attempt ended: the run has ended, it waits for its next attempt, or the process is stopping and the next one
 * decides.
 */
export type AttemptEnd =
  | { outcome: 'ended'; run: RunRecord }
  | { outcome: 'again'; run: RunRecord; delayMs: number; isPause: boolean }
  | { outcome: 'interrupted' };

/** @returns what is recorded when an attempt begins: nothing of the one before it stays. */
const begun = (now: Date): RunChange => ({
  status: 'running',
  stage: 'create',
  stages: [],
  startedAt: now.toISOString(),
  retryAt: null,
  reason: null,
  hint: null,
  failureClass: null,
  message: '',
});

/**
 * Carries out one attempt of a run and records how it ended.
 * @param isStopping the process is stopping: a failure is not the run's own.
 * @throws the history's error when the process stops before the end could be recorded.
 */
export async function attempt(
  run: RunRecord,
  world: AttemptWorld,
  signal: AbortSignal,
  isStopping: () => boolean
): Promise<AttemptEnd> {
  const { record, now, log } = world;
  const about = aboutOf(run);
  await record(run.id, begun(now()));
  log.info({ ...about, attempt: run.attempt }, `${run.kind} started`);

  const hadOutage = world.outages.since();
  const { deferred, ...came } = await worked(run, world, signal);
  const end = deferred ? deferredEnd(run, came, world) : came;
  if (isStopping() && end.status === 'failed') return { outcome: 'interrupted' };

  const isPause = end.status === 'failed' && end.waitMs !== undefined;
  const isForgiven =
    end.status === 'failed' &&
    !isPause &&
    mayForgive(run, world) &&
    (end.excuse !== undefined || (await hadOutage()));
  const next = nextAttempt(run, end, world.kinds[run.kind]?.retry ?? world.retry, {
    now: now(),
    hadOutage: isForgiven,
  });
  if (!next) return await ended(run, end, world);
  if (isForgiven) world.forgiven.set(run.id, (world.forgiven.get(run.id) ?? 0) + 1);
  await record(run.id, next.change);
  if (signal.reason === CANCELLED)
    return await ended(run, cancelledInQueue({ ...run, ...next.change }, now()), world);
  const why = { ...about, stage: end.stage, reason: end.reason };
  const pod = deferred?.pod;
  log[isPause && !deferred ? 'info' : 'warn'](
    { ...why, ...(pod !== undefined && { pod }) },
    next.change.message ?? ''
  );
  const again = { ...run, ...next.change };
  if (pod !== undefined) world.onDeferred?.(again, pod);
  // A deferred run does not wait for a destination: nothing wakes it before its time.
  return { outcome: 'again', run: again, delayMs: next.delayMs, isPause: isPause && !deferred };
}

/** @returns the end of an attempt that could not have its volume: it waits, or fails once that has happened too often. */
function deferredEnd({ id }: RunRecord, end: JobEnd, { deferrals }: AttemptWorld): JobEnd {
  const before = deferrals.get(id) ?? 0;
  const waitMs = deferralMs(before);
  if (waitMs === undefined) {
    return { ...end, message: `${end.message} (this happened ${before + 1} times)` };
  }
  deferrals.set(id, before + 1);
  return { ...end, waitMs };
}

/** A run that brings the API server down each time must come to an end. */
const MOST_FORGIVEN = 20;

const mayForgive = ({ id }: RunRecord, { forgiven }: AttemptWorld): boolean =>
  (forgiven.get(id) ?? 0) < MOST_FORGIVEN;

async function worked(run: RunRecord, world: AttemptWorld, signal: AbortSignal): Promise<JobEnd> {
  const kind = world.kinds[run.kind];
  if (!kind) return unknownKind(run, world.now());
  return await kind.work(run, change => world.note(run.id, change), signal);
}

async function ended(
  run: RunRecord,
  end: JobEnd,
  { record, forgiven, deferrals, log }: AttemptWorld
): Promise<AttemptEnd> {
  const change = { ...end };
  delete change.retryAfterMs; // of no matter to a run that has ended
  delete change.isLast;
  delete change.waitMs;
  delete change.excuse;
  await record(run.id, change);
  forgiven.delete(run.id);
  deferrals.delete(run.id);
  const after = { ...run, ...change };
  const { status, stage, message, reason } = after;
  const about = aboutOf(run);
  if (status === 'failed') log.error({ ...about, stage, reason }, `${run.kind} failed: ${message}`);
  else log.info({ ...about, bytes: after.bytes }, `${run.kind} ended: ${status}`);
  return { outcome: 'ended', run: after };
}
