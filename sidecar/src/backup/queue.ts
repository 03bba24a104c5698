import type { Backup } from '../../api/index.ts';
import type { Claim } from '../cluster/inventory.ts';
import { StageError, textOf } from '../errors.ts';
import type { History, RunChange } from '../history/history.ts';
import { timeOfRunId } from '../history/runId.ts';
import { claimGone } from './breakOff.ts';
import { CANCELLED } from './run.ts';

/** What the queue needs to know of a log. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface QueueOptions {
  history: History;
  /** @returns the claim as it is now. */
  claimOf(namespace: string, name: string): Claim | undefined;
  /** Does one run. Never throws. */
  work(
    run: Backup,
    claim: Claim,
    report: (change: RunChange) => void,
    signal: AbortSignal
  ): Promise<RunChange>;
  maxParallel: number;
  newId(): string;
  now(): Date;
  log: Log;
  /** Is told of every run that has ended. */
  onEnd(run: Backup): void;
}

/** Takes runs, starts as many as it may, tells how they go. */
export interface Queue {
  /**
   * Takes one run a claim; a claim that has an unfinished run gets that one again.
   * @returns the runs in the order of the claims. They are on disk.
   */
  add(claims: readonly Claim[], requestedBy: string): Promise<Backup[]>;
  /** Starts what the history holds as queued. */
  resume(): void;
  /** @returns the run when it has ended. @throws StageError (reason `AlreadyEnded` or `BackupNotFound`). */
  cancel(id: string): Promise<Backup>;
  /** Calls `listener` after every change of a run. @returns what ends that. */
  watch(id: string, listener: (run: Backup) => void): () => void;
  /** How many runs there are. */
  depth(): { queued: number; running: number };
  /** Starts nothing more and breaks off what runs; it is failed with the reason `Interrupted` at the next start. */
  stop(): Promise<void>;
}

export function startQueue(options: QueueOptions): Queue {
  const { history, log, now } = options;
  const waiting: Backup[] = [];
  const running = new Map<string, { abort: AbortController; ended: Promise<void> }>();
  const listeners = new Map<string, Set<(run: Backup) => void>>();
  let isStopped = false;

  const tell = (id: string): void => {
    const run = history.get(id);
    if (run) listeners.get(id)?.forEach(listener => listener(run));
  };

  const next = (): void => {
    while (!isStopped && running.size < options.maxParallel) {
      const run = waiting.shift();
      if (!run) return;
      const abort = new AbortController();
      const ended = start(run, abort.signal)
        .catch(error => log.error({ run: run.id }, `a run could not be recorded: ${textOf(error)}`))
        .finally(() => {
          running.delete(run.id);
          next();
        });
      running.set(run.id, { abort, ended });
    }
  };

  const start = async (run: Backup, signal: AbortSignal): Promise<void> => {
    const about = { run: run.id, namespace: run.namespace, pvc: run.name };
    const report = (change: RunChange): void => {
      history.note(run.id, change);
      tell(run.id);
    };
    await history.commit(run.id, { status: 'running', startedAt: now().toISOString() });
    log.info(about, 'backup started');
    tell(run.id);
    const claim = options.claimOf(run.namespace, run.name);
    const end =
      claim?.uid === run.uid
        ? await options.work(run, claim, report, signal)
        : goneEnd(run, claim, now());
    if (isStopped && end.status !== 'success') return; // the next start decides
    await history.commit(run.id, end);
    const ended = { ...run, ...end };
    const { status, stage, message, reason } = ended;
    options.onEnd(ended);
    if (status === 'failed') log.error({ ...about, stage, reason }, `backup failed: ${message}`);
    else log.info({ ...about, bytes: end.bytes }, `backup ended: ${status}`);
    tell(run.id);
  };

  return {
    async add(claims, requestedBy) {
      const unfinished = history.unfinished();
      const runs = new Map<string, Backup>();
      const fresh: Backup[] = [];
      for (const claim of claims) {
        const joined = unfinished.find(run => run.uid === claim.uid) ?? runs.get(claim.uid);
        const run = joined ?? queued(claim, requestedBy, options.newId());
        if (!joined) fresh.push(run);
        runs.set(claim.uid, run);
      }
      await history.add(fresh);
      waiting.push(...fresh);
      next();
      return claims.flatMap(claim => {
        const run = runs.get(claim.uid);
        return run ? [history.get(run.id) ?? run] : [];
      });
    },

    resume() {
      waiting.push(...history.unfinished().filter(run => run.status === 'queued'));
      next();
    },

    async cancel(id) {
      const run = history.get(id);
      if (!run) throw notFound(id);
      const at = waiting.findIndex(each => each.id === id);
      const active = running.get(id);
      if (at >= 0) {
        waiting.splice(at, 1);
        await history.commit(id, {
          status: 'cancelled',
          message: 'cancelled while it was queued',
          endedAt: now().toISOString(),
        });
        tell(id);
      } else if (active) {
        active.abort.abort(CANCELLED);
        await active.ended;
      } else {
        throw new StageError(
          'queue',
          'AlreadyEnded',
          `backup ${id} has already ended: ${run.status}`,
          'nothing to cancel'
        );
      }
      return history.get(id) ?? run;
    },

    watch(id, listener) {
      const all = listeners.get(id) ?? new Set();
      listeners.set(id, all.add(listener));
      return () => {
        all.delete(listener);
        if (all.size === 0) listeners.delete(id);
      };
    },

    depth: () => ({ queued: waiting.length, running: running.size }),

    async stop() {
      isStopped = true;
      for (const { abort } of running.values()) abort.abort(new Error('the sidecar is stopping'));
      await Promise.allSettled([...running.values()].map(({ ended }) => ended));
    },
  };
}

/** @returns the problem that there is no such run. */
export const notFound = (id: string): StageError =>
  new StageError(
    'queue',
    'BackupNotFound',
    `there is no backup ${id}`,
    'list the backups with GET /api/v1/backups'
  );

const queued = (claim: Claim, requestedBy: string, id: string): Backup => ({
  id,
  namespace: claim.namespace,
  name: claim.name,
  uid: claim.uid,
  status: 'queued',
  stage: null,
  bytes: null,
  sha256: null,
  archive: null,
  message: '',
  reason: null,
  hint: null,
  warnings: [],
  createdAt: timeOfRunId(id).toISOString(), // so that order holds when the clock is set back
  startedAt: null,
  endedAt: null,
  stages: [],
  seal: null,
  helper: null,
  requestedBy,
  restoreCommand: null,
});

const goneEnd = (run: Backup, claim: Claim | undefined, at: Date): RunChange => {
  const { stage, reason, message, hint } = claimGone(run, claim !== undefined);
  return { status: 'failed', stage, reason, message, hint, endedAt: at.toISOString() };
};
