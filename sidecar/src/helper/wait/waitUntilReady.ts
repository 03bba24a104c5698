import { ApiFailure } from '../../cluster/gateway/apiFailure.ts';
import type { Pod, PodEvent, Pods } from '../../cluster/gateway/pods.ts';
import type { NodeFact } from '../../cluster/watch/facts.ts';
import { StageError, textOf } from '../../errors.ts';
import type { Pause } from '../pauses.ts';
import type { FailedPod } from './podEnd.ts';
import type { PodState } from './podState.ts';
import { podState } from './podState.ts';
import type { WaitingPod } from './waitingPod.ts';
import type { WaitLimits } from './waitLimits.ts';
import { WAIT_SETTINGS, waitClock } from './waitLimits.ts';

/** A pod that is waited for. */
export interface Awaited {
  pods: Pick<Pods, 'eventsOf'>;
  /** @returns undefined when the pod is gone. @throws ApiFailure when the API server did not say. */
  look(): Promise<Pod | undefined>;
  /** Milliseconds between two looks. */
  lookMs: number;
  pause: Pause;
  nodes?: (() => readonly NodeFact[]) | undefined;
  limits: WaitLimits;
  signal: AbortSignal;
  /** Is told what the pod waits for, after a moment and after each change. */
  onWaiting(state: WaitingPod): void;
}

/** Most pods are ready by then: nothing is said of what they wait for, and nobody is asked. */
const QUIET_MS = 3_000;
/** Between two looks until then: a pod of an image that is on the node is ready after 0.7 s. */
const QUIET_LOOK_MS = 100;
/** Events cost a request. */
const EVENTS_MS = 5_000;

/** @returns the node of a pod that runs. @throws StageError (stage `wait`) that says why it does not run. */
export async function waitUntilReady(awaited: Awaited): Promise<string> {
  const { lookMs, pause, limits, signal, onWaiting } = awaited;
  const clock = waitClock(limits, () => performance.now());
  const look = stateOf(awaited);
  const quietUntil = performance.now() + QUIET_MS;
  let said = '';
  for (;;) {
    signal.throwIfAborted();
    const isQuiet = performance.now() < quietUntil;
    let state = await look(isQuiet ? 'no' : 'sometimes');
    const limitMs = state.kind === 'waiting' ? clock.spend(state.cause, state.limitMs) : undefined;
    if (limitMs !== undefined) state = await look('yes');
    if (state.kind === 'ready') return state.node;
    if (state.kind === 'failed') throw notReady(state);
    if (limitMs !== undefined) throw outOfTime(state, limitMs, limits);
    if (!isQuiet && state.note !== said) {
      said = state.note;
      onWaiting(state);
    }
    await pause(isQuiet ? Math.min(lookMs, QUIET_LOOK_MS) : lookMs, signal);
  }
}

/** @returns what looks at the pod; with events it knows more of a pod that has a node. It never throws. */
function stateOf({ pods, look, nodes }: Awaited) {
  let events: PodEvent[] = [];
  let askedAt = -Infinity;
  return async (withEvents: 'no' | 'sometimes' | 'yes'): Promise<PodState> => {
    try {
      const pod = await look();
      const circumstances = { events, nodes: nodes?.() ?? [] };
      const state = podState(pod, circumstances);
      if (!pod || state.kind !== 'waiting' || state.node === null) return state;
      const isDue = withEvents === 'sometimes' && performance.now() - askedAt >= EVENTS_MS;
      if (!isDue && withEvents !== 'yes') return state;
      askedAt = performance.now();
      events = await pods.eventsOf(pod).catch(() => events);
      return podState(pod, { ...circumstances, events });
    } catch (error) {
      return unseen(error); // one failed look says nothing about the pod
    }
  };
}

const unseen = (error: unknown): WaitingPod => ({
  kind: 'waiting',
  cause: 'start',
  node: null,
  note: `waiting for the API server: ${textOf(error)}`,
  reason: 'ApiUnreachable',
  message: `the API server does not say whether the helper pod is ready: ${textOf(error)}`,
  hint: 'check that the API server can be reached, and that the runner may get pods',
  class: error instanceof ApiFailure ? error.class : 'unknown',
});

const notReady = ({ reason, message, hint, class: failureClass }: FailedPod): StageError =>
  new StageError('wait', reason, message, hint, failureClass);

function outOfTime(
  { cause, reason, message, hint, class: failureClass }: WaitingPod,
  limitMs: number,
  limits: WaitLimits
): StageError {
  const more = limitMs < limits[cause] ? '' : `; ${WAIT_SETTINGS[cause]} gives it more time`;
  const waited = `${message} (waited ${limitMs / 1000} s)`;
  return new StageError('wait', reason, waited, hint + more, failureClass);
}
