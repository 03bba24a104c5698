import type { Claim } from '../../../cluster/inventory/inventory.ts';
import { SELECTED_NODE } from '../../../cluster/writes/selectedNode.ts';
import { StageError, textOf } from '../../../errors.ts';
import type { History } from '../../../history/history.ts';
import type { Queue } from '../../../jobs/queue/queue.ts';
import type { HandOverWorld } from '../../../restore/handOver/handOver.ts';
import type { SourceWorld } from '../../../restore/source.ts';
import { findSource } from '../../../restore/source.ts';
import type { DecisionFor } from '../decisionFor.ts';
import { newRun } from './newRun.ts';
import type { Say } from './nextFor.ts';
import { boundWithoutRestore, nextFor, sayOfRun } from './nextFor.ts';
import { failuresOf, pastRuns, runUnderWay } from './pastRuns.ts';
import { startEmpty } from './startEmpty.ts';
import type { Tell } from './tell.ts';

export interface ReconcileWorld extends HandOverWorld, SourceWorld {
  history: Pick<History, 'get' | 'list' | 'unfinished'>;
  queue: Pick<Queue, 'add'>;
  decisionFor: DecisionFor;
  tell: Pick<Tell, 'say' | 'last'>;
  now(): Date;
}

/** A run that is under way changes its own record; this is how soon the status follows. */
const RUNNING_MS = 5_000;
const FAILED_MS = 15_000;
/** Nothing changes by itself any more; the Event comes again. */
const BOUND_MS = 30 * 60_000;

/**
 * Takes one claim that waits for its first data one step further. Every step may run twice: how far it is follows from the
 * cluster and the history alone.
 * @returns milliseconds until the next look. Never throws.
 */
export async function reconcile(
  claim: Claim,
  world: ReconcileWorld,
  signal: AbortSignal
): Promise<number> {
  const say = async (said: Say): Promise<void> =>
    await world.tell.say(claim, { ...said, since: world.now().toISOString() });
  try {
    return await step(claim, world, say, signal);
  } catch (error) {
    if (signal.aborted) return FAILED_MS;
    const { reason, hint } =
      error instanceof StageError ? error : { reason: 'ApiUnreachable', hint: null };
    const retryAt = new Date(world.now().getTime() + FAILED_MS).toISOString();
    await say({
      ...{ state: 'waiting', reason, message: textOf(error), hint },
      ...{ backup: null, restore: null, retryAt },
    });
    return FAILED_MS;
  }
}

async function step(
  claim: Claim,
  world: ReconcileWorld,
  say: (said: Say) => Promise<void>,
  signal: AbortSignal
): Promise<number> {
  const { history, now, queue } = world;
  if (claim.phase === 'Bound') {
    await say(boundWithoutRestore(claim));
    return BOUND_MS;
  }
  const running = runUnderWay(history, claim);
  if (running) {
    await say(sayOfRun(running));
    return RUNNING_MS;
  }
  const failures = failuresOf(pastRuns(history, claim));
  const decision = await world.decisionFor(claim, { signal, failed: failures });
  const node = await nodeFor(claim, world, signal);
  const next = nextFor({ claim, node, decision, failures, now: now() });
  switch (next.do) {
    case 'nothing':
      await say(next.say);
      return next.lookMs;
    case 'start-empty': {
      await say(next.say);
      const { startedEmpty } = next.decision;
      await startEmpty(claim, { startedEmpty, node }, world, signal);
      await say({ ...next.say, state: 'bound', reason: 'StartedEmpty' });
      return RUNNING_MS;
    }
    case 'restore': {
      const { candidate } = next.decision;
      const source = await findSource(candidate.source, world, signal);
      const { target, asked } = newRun({ claim, candidate, source, node, ...world });
      const [run] = await queue.add([target], asked);
      await say({ ...next.say, restore: run?.id ?? null });
      return RUNNING_MS;
    }
  }
}

/** @returns the node that the scheduler has chosen for the first pod of a claim. @throws ApiFailure. */
async function nodeFor(
  { waitsForFirstConsumer, namespace, name, uid, pods }: Claim,
  { readClaim }: Pick<ReconcileWorld, 'readClaim'>,
  signal: AbortSignal
): Promise<string | null> {
  if (!waitsForFirstConsumer || pods.length === 0) return null;
  const claim = await readClaim(namespace, name, signal);
  return (claim?.uid === uid && claim.annotations[SELECTED_NODE]) || null;
}
