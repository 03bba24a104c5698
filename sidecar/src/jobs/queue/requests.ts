import type { History, RunChange, RunRecord } from '../../history/history.ts';
import { restoreUnderWay } from '../attempts/errors.ts';
import type { JobRequest, Place, Target } from '../job.ts';
import type { RunningRuns } from '../runningRuns.ts';
import type { Progress } from './joins.ts';
import { isServedBy, raised } from './joins.ts';
import { queued } from './queuedRun.ts';
import type { WaitingRuns } from './waitingRuns.ts';

export interface RequestsOptions {
  history: Pick<History, 'add' | 'commit' | 'get'>;
  waiting: WaitingRuns;
  running: RunningRuns;
  /** @returns the runs of a claim that a restart interrupted, until it is decided what becomes of them. */
  interrupted(claim: Target): RunRecord[];
  newId(): string;
  placeOf(namespace: string): Place;
}

type Take = (targets: readonly Target[], request: JobRequest) => Promise<RunRecord[]>;

/** @returns what turns requests into runs, one request after the other: two at once would both find no run to join. */
export function requestsOf(options: RequestsOptions): Take {
  let last: Promise<unknown> = Promise.resolve();
  return (targets, request) => {
    const taken = last.then(() => take(options, targets, request));
    last = taken.catch(() => undefined);
    return taken;
  };
}

async function take(
  { history, waiting, running, interrupted, newId, placeOf }: RequestsOptions,
  targets: readonly Target[],
  request: JobRequest
): Promise<RunRecord[]> {
  /** @returns the runs of a claim that have not ended; those that started come first. */
  const unfinishedOf = (claim: Target): { run: RunRecord; progress: Progress }[] => [
    ...running.ofClaim(claim).map(({ run, abort }) => ({
      run: history.get(run.id) ?? run,
      progress: abort.signal.aborted ? ('cancelling' as const) : ('running' as const),
    })),
    ...interrupted(claim).map(run => ({
      run,
      progress: run.status === 'queued' ? ('queued' as const) : ('running' as const),
    })),
    ...waiting.ofClaim(claim).map(run => ({ run, progress: 'queued' as const })),
  ];

  const keyOf = ({ uid, namespace, name }: Target): string => uid || `${namespace}/${name}`;
  const byClaim = new Map<string, RunRecord>();
  const added: RunRecord[] = [];
  const changes = new Map<string, RunChange>();
  for (const target of targets) {
    if (byClaim.has(keyOf(target))) continue;
    const unfinished = unfinishedOf(target);
    const other = unfinished.find(({ run }) => run.kind === 'restore');
    if (request.kind === 'restore' && other) throw restoreUnderWay(other.run);
    const joined = unfinished.find(({ run, progress }) => isServedBy(request, run, progress));
    const run =
      joined?.run ?? queued(target, target.place ?? placeOf(target.namespace), request, newId());
    byClaim.set(keyOf(target), run);
    if (!joined) added.push(run);
    const change = joined?.progress === 'queued' ? raised(request, run) : undefined;
    if (change) changes.set(run.id, change);
  }
  await history.add(added);
  added.forEach(run => waiting.add(run));
  for (const [id, change] of changes) {
    await history.commit(id, change);
    waiting.change(id, change);
  }
  return targets.flatMap(target => {
    const run = byClaim.get(keyOf(target));
    return run ? [history.get(run.id) ?? run] : [];
  });
}
