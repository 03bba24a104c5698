import type { History, RunRecord } from '../history/history.ts';
import type { AttemptWorld } from './attempts/attempt.ts';
import { attempt } from './attempts/attempt.ts';
import type { Asked, JobEnd, Place, Target } from './job.ts';
import { requestOf } from './job.ts';
import { queued } from './queue/queuedRun.ts';
import type { RunningRuns } from './runningRuns.ts';

/** How a run is carried out inside of another one. */
export interface Inside {
  /** Ends it, as it ends the outer run. */
  signal: AbortSignal;
  /** Is told the id that the run will have. It is recorded when this resolves, and not at all when it rejects. */
  onId(id: string): Promise<void>;
  /** @returns the sentence on the outcome, from what the run itself says. */
  describe(message: string): string;
}

/**
 * Carries out a run at once, as a part of another one which holds its claim: waiting for a turn, it would wait for that one
 * for ever. It is a run of its own in every other respect: it has a record, can be cancelled and followed, and counts as
 * under way. It has one attempt; trying again is the outer run's.
 * @returns the run as it ended; its status is `running` where the process is stopping, and the next start ends it.
 */
export type CarryOut = (target: Target, request: Asked, inside: Inside) => Promise<RunRecord>;

export interface CarryOutOptions {
  history: Pick<History, 'add' | 'get'>;
  world: AttemptWorld;
  running: RunningRuns;
  nodeOf(run: RunRecord): string | null;
  newId(): string;
  placeOf(namespace: string): Place;
  isStopping(): boolean;
  onEnd(run: RunRecord): void;
  /** Called when it is not under way any more. */
  onGone(id: string): void;
}

export function carriesOut(options: CarryOutOptions): CarryOut {
  const { history, running, isStopping } = options;
  return async (target, request, { signal, onId, describe }) => {
    signal.throwIfAborted();
    const run: RunRecord = {
      ...queued(target, options.placeOf(target.namespace), requestOf(request), options.newId()),
      // Never queued: after a crash it must not start by itself, when the volume holds something else.
      status: 'running',
      stage: 'create',
      startedAt: options.world.now().toISOString(),
    };
    await onId(run.id);
    await history.add([run]);
    const abort = new AbortController();
    const follow = (): void => abort.abort(signal.reason);
    signal.addEventListener('abort', follow, { once: true });
    if (signal.aborted) follow();
    const world = onceOnly(options.world, describe);
    const ending = attempt(run, world, abort.signal, isStopping);
    running.set(run.id, {
      run,
      node: options.nodeOf(run),
      abort,
      ended: ending.then(
        () => undefined,
        () => undefined
      ),
    });
    try {
      const end = await ending;
      if (end.outcome === 'ended') options.onEnd(end.run);
      return history.get(run.id) ?? run;
    } finally {
      signal.removeEventListener('abort', follow);
      running.delete(run.id);
      options.onGone(run.id);
    }
  };
}

/** No attempt follows, whatever the API server did meanwhile. */
function onceOnly(world: AttemptWorld, describe: (message: string) => string): AttemptWorld {
  const { kinds } = world;
  const told = (end: JobEnd): JobEnd => {
    const change = { ...end, message: describe(end.message ?? '') };
    delete change.waitMs; // nothing waits inside of a run
    delete change.excuse;
    delete change.deferred;
    return change;
  };
  return {
    ...world,
    retry: { maxAttempts: 1, delayMs: () => 0 },
    outages: { since: () => async () => false, stop: () => undefined },
    kinds: Object.fromEntries(
      Object.entries(kinds).map(([name, kind]) => [
        name,
        {
          ...kind,
          work: async (...[run, report, signal]: Parameters<typeof kind.work>) =>
            told(await kind.work(run, report, signal)),
        },
      ])
    ),
  };
}
