import type { Backup, StartBackups } from '../../api/index.ts';
import { PRIORITIES } from '../../api/index.ts';
import { CANCELLED } from '../backup/run.ts';
import type { Claim } from '../cluster/inventory.ts';
import { StageError, textOf } from '../errors.ts';
import { placementOf } from '../helper/placement.ts';
import type { History, RunChange } from '../history/history.ts';
import type { Log } from '../log.ts';
import { cancelledInQueue, goneEnd, queued } from './queuedRun.ts';
import { recorder } from './record.ts';
import type { RetryPolicy } from './retry.ts';
import { nextAttempt } from './retry.ts';
import type { Limits, Turn } from './turn.ts';
import { inTurn, nextTurn } from './turn.ts';
import { waitingRuns } from './waitingRuns.ts';

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
  limits: Limits;
  retry: RetryPolicy;
  newId(): string;
  now(): Date;
  log: Log;
  /** Is told of every run that has ended. */
  onEnd(run: Backup): void;
}

/** What a request says of its runs; see `StartBackups` of the API. */
export type AddOptions = Partial<
  Pick<StartBackups, 'acceptEmpty' | 'verify' | 'fresh'> & { priority: Backup['priority'] }
>;

/** Takes runs, starts as many as it may, tries again what can pass, tells how they go. */
export interface Queue {
  /**
   * Takes one run a claim; a claim that has an unfinished run gets that one again, at the higher priority of the two.
   * @returns the runs in the order of the claims. They are on disk.
   */
  add(claims: readonly Claim[], requestedBy: string, options?: AddOptions): Promise<Backup[]>;
  /** Starts what the history holds as queued. */
  resume(): void;
  /** @returns the run when it has ended. @throws StageError (reason `AlreadyEnded` or `BackupNotFound`). */
  cancel(id: string): Promise<Backup>;
  /** Calls `listener` after every change of a run. @returns what ends that. */
  watch(id: string, listener: (run: Backup) => void): () => void;
  /** @returns the place of a run in the queue, from 1; null when it is not in it. */
  positionOf(id: string): number | null;
  isRunning(id: string): boolean;
  /** How many runs there are. */
  depth(): { queued: number; running: number };
  /** Starts nothing more and breaks off what runs; it is failed with the reason `Interrupted` at the next start. */
  stop(): Promise<void>;
}

const RECORD_EVERY_MS = 5_000;

export function startQueue(options: QueueOptions): Queue {
  const { history, log, now } = options;
  const waiting = waitingRuns(() => next());
  const running = new Map<string, { turn: Turn; abort: AbortController; ended: Promise<void> }>();
  const served = new Set<string>();
  let positions: Map<string, number> | undefined;
  const listeners = new Map<string, Set<(run: Backup) => void>>();
  let isStopped = false;
  const stopping = new AbortController();
  const record = recorder({ history, log, everyMs: RECORD_EVERY_MS, signal: stopping.signal });

  const tell = (id: string): void => {
    const run = history.get(id);
    if (run) listeners.get(id)?.forEach(listener => listener(run));
  };

  const turnOf = (run: Backup): Turn => {
    const claim = options.claimOf(run.namespace, run.name);
    const placement = claim && placementOf(claim);
    return { ...run, node: placement && 'node' in placement ? placement.node : null };
  };
  const soFar = () => ({
    running: [...running.values()].map(({ turn }) => turn),
    namespaces: [...served],
  });

  const next = (): void => {
    positions = undefined;
    while (!isStopped) {
      const turn = nextTurn(waiting.ready().map(turnOf), soFar(), options.limits);
      const run = turn && waiting.get(turn.id);
      if (!run) return;
      waiting.remove(run.id);
      served.delete(run.namespace);
      served.add(run.namespace);
      const abort = new AbortController();
      const ended = start(run, abort.signal)
        .catch(error => log.error(aboutOf(run), `a run could not be recorded: ${textOf(error)}`))
        .finally(() => {
          running.delete(run.id);
          next();
        });
      running.set(run.id, { turn, abort, ended });
    }
  };

  const start = async (run: Backup, signal: AbortSignal): Promise<void> => {
    const about = aboutOf(run);
    const report = (change: RunChange): void => {
      history.note(run.id, change);
      tell(run.id);
    };
    await record(run.id, {
      status: 'running',
      startedAt: now().toISOString(),
      retryAt: null,
      reason: null,
      hint: null,
      failureClass: null,
      message: '',
    });
    log.info({ ...about, attempt: run.attempt }, 'backup started');
    tell(run.id);
    const claim = options.claimOf(run.namespace, run.name);
    let end =
      claim?.uid === run.uid
        ? await options.work(run, claim, report, signal)
        : goneEnd(run, claim, now());
    if (isStopped && end.status === 'failed') return; // the next start decides
    const again = nextAttempt(run, end, options.retry, now());
    if (again) {
      await record(run.id, again);
      if (signal.reason !== CANCELLED) {
        log.warn({ ...about, stage: end.stage, reason: end.reason }, again.message ?? '');
        waiting.add({ ...run, ...again }, options.retry.delayMs(run.attempt));
        tell(run.id);
        return;
      }
      end = cancelledInQueue(now());
    }
    await record(run.id, end);
    const ended = { ...run, ...end };
    const { status, stage, message, reason } = ended;
    options.onEnd(ended);
    if (status === 'failed') log.error({ ...about, stage, reason }, `backup failed: ${message}`);
    else log.info({ ...about, bytes: end.bytes }, `backup ended: ${status}`);
    tell(run.id);
  };

  const take: Queue['add'] = async (claims, requestedBy, { priority = 'on-demand' } = {}) => {
    const unfinished = history.unfinished();
    const runs = new Map<string, Backup>();
    const fresh: Backup[] = [];
    const raised = new Set<string>();
    for (const claim of claims) {
      const joined = unfinished.find(run => run.uid === claim.uid) ?? runs.get(claim.uid);
      const run = joined ?? queued(claim, requestedBy, priority, options.newId());
      if (!joined) fresh.push(run);
      else if (isHigher(priority, joined.priority)) raised.add(joined.id);
      runs.set(claim.uid, run);
    }
    await history.add(fresh);
    fresh.forEach(run => waiting.add(run));
    for (const id of raised) {
      await history.commit(id, { priority });
      waiting.change(id, { priority });
    }
    next();
    return claims.flatMap(claim => {
      const run = runs.get(claim.uid);
      return run ? [history.get(run.id) ?? run] : [];
    });
  };

  /** The last request that came. */
  let taking: Promise<unknown> = Promise.resolve();

  return {
    add(...request) {
      // One after the other: two at once would both find a volume without a run.
      const taken = taking.then(() => take(...request));
      taking = taken.catch(() => undefined);
      return taken;
    },

    resume() {
      for (const run of history.unfinished()) {
        if (run.status !== 'queued' || running.has(run.id)) continue;
        // Never longer than the policy says, wherever the clock has gone meanwhile.
        const left = run.retryAt === null ? 0 : Date.parse(run.retryAt) - now().getTime();
        waiting.add(run, Math.min(left, options.retry.delayMs(Math.max(1, run.attempt - 1))));
      }
      next();
    },

    async cancel(id) {
      const run = history.get(id);
      if (!run) throw notFound(id);
      const active = running.get(id);
      if (waiting.get(id)) {
        waiting.remove(id);
        positions = undefined;
        await history.commit(id, cancelledInQueue(now())).catch(error => {
          waiting.add(run); // still in the queue, as the history says
          next();
          throw error;
        });
        options.onEnd(history.get(id) ?? run);
        tell(id);
      } else if (active) {
        active.abort.abort(CANCELLED);
        await active.ended;
      } else {
        throw new StageError(
          'queue',
          'AlreadyEnded',
          `backup ${id} has already ended: ${run.status}`,
          'nothing to cancel',
          'needs-action'
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

    positionOf(id) {
      positions ??= new Map(
        inTurn(waiting.all().map(turnOf), soFar()).map((turn, at) => [turn.id, at + 1])
      );
      return positions.get(id) ?? null;
    },

    isRunning: id => running.has(id),

    depth: () => ({ queued: waiting.all().length, running: running.size }),

    async stop() {
      isStopped = true;
      stopping.abort();
      waiting.stop();
      for (const { abort } of running.values()) abort.abort(new Error('the sidecar is stopping'));
      await Promise.allSettled([...running.values()].map(({ ended }) => ended));
    },
  };
}

/** What each line of the log on a run carries. */
const aboutOf = ({ id, namespace, name }: Backup) => ({ run: id, namespace, pvc: name });

/** @returns the problem that there is no such run. */
export const notFound = (id: string): StageError =>
  new StageError(
    'queue',
    'BackupNotFound',
    `there is no backup ${id}`,
    'list the backups with GET /api/v1/backups',
    'needs-action'
  );

const isHigher = (one: Backup['priority'], other: Backup['priority']): boolean =>
  PRIORITIES.indexOf(one) < PRIORITIES.indexOf(other);
