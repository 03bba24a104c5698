import { PRIORITIES } from '../../../api/index.ts';
import { textOf } from '../../errors.ts';
import type { History, RunChange, RunRecord } from '../../history/history.ts';
import type { Log } from '../../log.ts';
import { aboutOf } from '../about.ts';
import type { AttemptEnd, AttemptWorld } from '../attempts/attempt.ts';
import { attempt } from '../attempts/attempt.ts';
import { alreadyEnded, notFound, notRecovered } from '../attempts/errors.ts';
import type { Availability } from '../attempts/outages.ts';
import { alwaysThere, holdWhileAway, outagesOf } from '../attempts/outages.ts';
import type { CarryOut } from '../inside.ts';
import { carriesOut } from '../inside.ts';
import type { Asked, JobKinds, Place, RetryPolicy, Target } from '../job.ts';
import { CANCELLED, requestOf } from '../job.ts';
import { recorder } from '../record.ts';
import { RunningRuns } from '../runningRuns.ts';
import type { OnVolume } from './conflicts.ts';
import { isConflict, isSameClaim } from './conflicts.ts';
import type { Holds } from './holds.ts';
import { holds } from './holds.ts';
import type { FailedInQueue } from './queuedRun.ts';
import { cancelledInQueue, failedInQueue } from './queuedRun.ts';
import { requestsOf } from './requests.ts';
import type { QueuePosition } from './turn.ts';
import { nextTurn, placesOf } from './turn.ts';
import { waitingRuns } from './waitingRuns.ts';

export interface Limits {
  /** Runs side by side in total. */
  total: number;
  /** Runs side by side whose helper must run on the same node. */
  perNode: number;
}

export interface QueueOptions {
  history: History;
  kinds: JobKinds;
  limits: Limits;
  retry: RetryPolicy;
  /** While the API server is unavailable no run starts, and a failure does not count as an attempt. */
  availability?: Availability;
  /** Shorter absences of the API server do not excuse a failure. */
  outageMs?: number;
  /** Milliseconds between two tries to record a change. */
  recordEveryMs?: number;
  newId(): string;
  /** @returns the identities of a namespace and its cluster, for the records of new runs. */
  placeOf?(namespace: string): Place;
  now(): Date;
  log: Log;
  /** Called with every run that has ended. */
  onEnd(run: RunRecord): void;
  /** Called with a run that stopped because a pod needs its volume, and waits for its next attempt. */
  onDeferred?(run: RunRecord, pod: string): void;
}

/** Takes runs, starts as many as the limits allow, tries failed ones again, and tells how they go. */
export interface Queue {
  /**
   * Takes one run for each target; a run that has not ended and serves the request is returned instead of a new one.
   * @returns the runs in the order of the targets. They are on disk.
   * @throws StageError (`RestoreUnderWay`) for a restore into a claim that has one which has not ended.
   */
  add(targets: readonly Target[], request: Asked): Promise<RunRecord[]>;
  /** Carries out a run at once, inside of one that holds its claim. */
  readonly carryOut: CarryOut;
  /** Lets runs start: those of the history that wait, also those that were added to it since the queue was made. */
  resume(): void;
  /** While it is held no run starts; requests are still taken. */
  readonly hold: Holds['hold'];
  /** The same for the kinds that need room at the destination; a restore starts from a full one, too. */
  readonly holdForRoom: Holds['hold'];
  /** To be called when a destination works again: the runs that wait for one begin at once. */
  hurry(): void;
  /** @returns why no run, or no run that needs room, starts now, in sentences; empty: runs may start. */
  waitsFor(): string[];
  /** @returns the run when it has ended. @throws StageError (reason `AlreadyEnded`, `BackupNotFound` or `Starting`). */
  cancel(id: string): Promise<RunRecord>;
  /** Ends a run that waits, as failed; does nothing to one that does not wait. */
  fail(id: string, why: FailedInQueue): Promise<void>;
  /** Calls `listener` after every change of a run. @returns what ends that. */
  watch(id: string, listener: (run: RunRecord) => void): () => void;
  /** @returns the place of a run in the queue; undefined when it is not in it. */
  positionOf(id: string): QueuePosition | undefined;
  isRunning(id: string): boolean;
  /** @returns the ids of the runs under way. */
  running(): string[];
  /** How many runs there are. */
  depth(): { queued: number; running: number };
  /** Starts nothing more and aborts what runs; the next start tries it again. */
  stop(): Promise<void>;
}

/** Between two tries to write to a history that does not take a change. */
const RECORD_EVERY_MS = 5_000;

const NOWHERE: Place = { namespaceUid: null, clusterUid: null };

/** Makes a queue of what the history holds as queued. It starts nothing before `resume`. */
export function startQueue(options: QueueOptions): Queue {
  const { history, kinds, limits, retry, log, now, availability = alwaysThere } = options;
  const waiting = waitingRuns(() => startRuns());
  const running = new RunningRuns();
  const stopping = new AbortController();
  const holding = holds(() => startRuns());
  const holdingForRoom = holds(() => startRuns());
  const outages = outagesOf(availability, options.outageMs);
  /** Runs that an earlier process was in the middle of, until `resume`. */
  const interrupted = new Set<string>();
  const take = requestsOf({
    placeOf: () => NOWHERE,
    ...options,
    waiting,
    running,
    interrupted: claim =>
      [...interrupted].flatMap(id => {
        const run = history.get(id);
        return run && isSameClaim(run, claim) && run.endedAt === null ? [run] : [];
      }),
  });

  // --- which runs start ---

  /** When a run of a namespace was last started: the number of that start. */
  const lastServed = new Map<string, number>();
  let starts = 0;
  /** Undefined: to be computed when somebody asks. */
  let places: Map<string, QueuePosition> | undefined;

  const served = () => ({ running: running.perNamespace(), lastServed });
  const nodeOf = (run: RunRecord): string | null => kinds[run.kind]?.nodeOf(run) ?? null;
  const onVolume = (run: RunRecord): OnVolume => ({
    claim: run,
    kind: run.kind,
    access: kinds[run.kind]?.access ?? 'write', // a kind that this version does not know
  });

  /** A restore that is tried again has left a part: nobody may take that for what the volume holds. */
  const hasWritten = ({ id }: RunRecord): boolean => {
    const details = history.get(id)?.details;
    return details?.kind === 'restore' && details.hasBegunToWrite;
  };

  const needsRoom = (run: RunRecord): boolean => {
    const needs = kinds[run.kind]?.needsRoom ?? false;
    return typeof needs === 'function' ? needs(run) : needs;
  };

  const mayStart = (run: RunRecord): boolean => {
    if (waiting.isDelayed(run.id)) return false;
    if (holdingForRoom.reasons().length > 0 && needsRoom(run)) return false;
    const job = onVolume(run);
    if (running.ofClaim(run).some(other => isConflict(job, onVolume(other.run)))) return false;
    // A restore would wait for ever if readers of its claim went past it.
    const isWriterAhead = (other: RunRecord): boolean =>
      onVolume(other).access === 'write' &&
      isConflict(job, onVolume(other)) &&
      (!waiting.isDelayed(other.id) || hasWritten(other)) &&
      isAhead(other, run);
    if (waiting.ofClaim(run).some(isWriterAhead)) return false;
    const node = nodeOf(run);
    return node === null || running.onNode(node) < limits.perNode;
  };

  /** @returns whether a run may be under way beside those that are; undefined: none may. */
  const slotsNow = (): ((run: RunRecord) => boolean) | undefined => {
    const byKind = new Map<string, number>();
    let shared = 0;
    for (const { run } of running.values()) {
      if (kinds[run.kind]?.slots === undefined) shared += 1;
      else byKind.set(run.kind, (byKind.get(run.kind) ?? 0) + 1);
    }
    const isShared = shared < limits.total;
    const free = new Set(
      Object.entries(kinds).flatMap(([kind, { slots }]) =>
        slots !== undefined && (byKind.get(kind) ?? 0) < slots ? kind : []
      )
    );
    if (!isShared && free.size === 0) return undefined;
    return ({ kind }) => (kinds[kind]?.slots === undefined ? isShared : free.has(kind));
  };

  /** Starts runs until a limit is reached. To be called after every change that may let one start. */
  const startRuns = (): void => {
    places = undefined;
    while (!stopping.signal.aborted && !holding.reasons().length) {
      const hasSlot = slotsNow();
      if (!hasSlot) return;
      const run = nextTurn(waiting.lanes, served(), each => hasSlot(each) && mayStart(each));
      if (!run) return;
      waiting.remove(run.id);
      lastServed.set(run.namespace, (starts += 1));
      start(run);
    }
  };

  const start = (run: RunRecord): void => {
    const abort = new AbortController();
    const ended = attempt(run, world, abort.signal, () => stopping.signal.aborted)
      .then(settle)
      .catch(error => log.error(aboutOf(run), `a run could not be recorded: ${textOf(error)}`))
      .finally(() => {
        running.delete(run.id);
        startRuns();
        tell(run.id); // a run that waits again has a place in the queue now
      });
    running.set(run.id, { run, node: nodeOf(run), abort, ended });
  };

  const settle = (end: AttemptEnd): void => {
    switch (end.outcome) {
      case 'ended':
        return options.onEnd(end.run);
      case 'again':
        return waiting.add(end.run, end.delayMs, end.isPause);
      case 'interrupted':
        return;
    }
  };

  // --- what is recorded and told ---

  const listeners = new Map<string, Set<(run: RunRecord) => void>>();
  const tell = (id: string): void => {
    const heard = listeners.get(id);
    const run = heard && history.get(id);
    if (run) heard.forEach(listener => listener(run));
  };

  const { signal } = stopping;
  const recordDurably = recorder({
    history,
    log,
    everyMs: options.recordEveryMs ?? RECORD_EVERY_MS,
    signal,
  });
  const world: AttemptWorld = {
    kinds,
    retry,
    now,
    log,
    outages,
    forgiven: new Map(),
    deferrals: new Map(),
    ...(options.onDeferred && { onDeferred: options.onDeferred }),
    async record(id, change) {
      await recordDurably(id, change);
      tell(id);
    },
    note(id, change) {
      history.note(id, change);
      tell(id);
    },
  };

  const endWaiting = async (run: RunRecord, end: RunChange): Promise<void> => {
    waiting.remove(run.id);
    places = undefined;
    await history.commit(run.id, end).catch(error => {
      waiting.add(run); // still in the queue, as the history says
      startRuns();
      throw error;
    });
    options.onEnd(history.get(run.id) ?? run);
    tell(run.id);
  };

  const readHistory = (): void => {
    // The archives at the destination may have shown meanwhile that a run which waits here has succeeded.
    for (const { id } of waiting.all()) {
      if (history.get(id)?.status !== 'queued') waiting.remove(id);
    }
    for (const run of history.unfinished()) {
      if (run.status === 'running' && !running.has(run.id)) interrupted.add(run.id);
      if (run.status !== 'queued' || running.has(run.id) || waiting.get(run.id)) continue;
      // Never longer than the policy says, wherever the clock has gone meanwhile.
      const leftMs = run.retryAt === null ? 0 : Date.parse(run.retryAt) - now().getTime();
      waiting.add(
        run,
        Math.min(leftMs, (kinds[run.kind]?.retry ?? retry).delayMs(Math.max(1, run.attempt - 1)))
      );
    }
  };

  const releaseStart = holding.hold('NKVM is starting');
  const stopFollowing = holdWhileAway(availability, holding.hold);
  readHistory();

  const carryOut = carriesOut({
    placeOf: () => NOWHERE,
    ...options,
    world,
    running,
    nodeOf,
    isStopping: () => stopping.signal.aborted,
    onGone(id) {
      startRuns();
      tell(id);
    },
  });

  return {
    carryOut,

    async add(targets, request) {
      const runs = await take(targets, requestOf(request));
      startRuns();
      return runs;
    },

    resume() {
      readHistory();
      interrupted.clear();
      releaseStart();
      startRuns();
    },

    hold: holding.hold,
    holdForRoom: holdingForRoom.hold,
    hurry: waiting.hurry,
    waitsFor: () => [...holding.reasons(), ...holdingForRoom.reasons()],

    async cancel(id) {
      const run = history.get(id);
      if (!run) throw notFound(id);
      const waits = waiting.get(id);
      const active = running.get(id);
      if (waits) await endWaiting(waits, cancelledInQueue(waits, now()));
      else if (active) {
        active.abort.abort(CANCELLED);
        await active.ended;
      } else throw run.endedAt === null ? notRecovered(run) : alreadyEnded(run);
      return history.get(id) ?? run;
    },

    async fail(id, why) {
      const run = waiting.get(id);
      if (run) await endWaiting(run, failedInQueue(run, why, now()));
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
      places ??= placesOf(waiting.lanes, served());
      return places.get(id);
    },

    isRunning: id => running.has(id),
    running: () => [...running.keys()],

    depth: () => ({ queued: waiting.size, running: running.size }),

    async stop() {
      stopping.abort();
      stopFollowing();
      outages.stop();
      waiting.stop();
      for (const { abort } of running.values()) abort.abort(new Error('NKVM is stopping'));
      await Promise.allSettled([...running.values()].map(({ ended }) => ended));
    },
  };
}

/** @returns whether `one` has the higher priority, or is the older of the same one. */
const isAhead = (one: RunRecord, other: RunRecord): boolean => {
  const [first, second] = [one, other].map(({ priority }) => PRIORITIES.indexOf(priority));
  return first === second ? one.id < other.id : Number(first) < Number(second);
};
