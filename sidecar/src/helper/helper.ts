import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { openNamespaceCommand } from '../../api/index.ts';
import { ApiFailure } from '../cluster/apiFailure.ts';
import { apiMessageOf, httpStatusOf } from '../cluster/connection.ts';
import type { ExecTarget, RunningCommand } from '../cluster/exec.ts';
import type { Pods } from '../cluster/pods.ts';
import { StageError } from '../errors.ts';
import { lastWordsOf } from './lastWords.ts';
import type { HelperSpec } from './manifest.ts';
import { helperPod } from './manifest.ts';
import { HELPER_CONTAINER, helperName } from './names.ts';
import type { PackLevel } from './packCommand.ts';
import { packCommand, sealCommand } from './packCommand.ts';
import { podState } from './podState.ts';
import { refusalOf } from './refusal.ts';
import type { PodSeal } from './seal.ts';
import { readSeal } from './seal.ts';

/** What helper pods need of a cluster. */
export interface HelperCluster {
  pods: Pods;
  /** How long after a broken stream the pod's status may still tell why; an evicted pod took 2 s. */
  statusLagMs: number;
  exec(target: ExecTarget, command: readonly string[]): Promise<RunningCommand>;
  execToEnd(
    target: ExecTarget,
    command: readonly string[],
    options: { timeoutMs: number }
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
}

/** An archive on its way out of a helper pod. */
export interface ArchiveStream {
  /** The `.tar.gz`. Its end proves nothing: only the seal does. */
  body: Readable;
  /** The exit code of the packing command. @throws when the connection broke. */
  exit: Promise<number>;
  /** The last words of the packing command. */
  stderrTail(): string;
}

/** The helper pod of one run. */
export interface Helper {
  readonly namespace: string;
  readonly pod: string;
  /** Waits until it runs. @returns its node. @throws StageError (stage `wait`) that says why it does not. */
  ready(timeoutMs: number, signal: AbortSignal): Promise<string>;
  /** Starts to pack. @throws StageError (stage `exec`). */
  pack(level: PackLevel): Promise<ArchiveStream>;
  /** Reads what the pod says of the stream. @throws StageError (stage `checksum`) when there is no seal. */
  seal(): Promise<PodSeal>;
  /**
   * After something broke: what became of the pod. Its status may tell a little later than the broken stream.
   * @returns undefined when it lives on, or nobody could say.
   */
  whyGone(): Promise<StageError | undefined>;
  /**
   * After something broke: what the helper, and Kubernetes about it, said last, in lines.
   * @returns undefined when nobody said anything. Never throws.
   */
  lastWords(): Promise<string | undefined>;
  /** Deletes the pod and waits until it is gone. @throws StageError (stage `cleanup`). */
  close(): Promise<void>;
}

const LOOK_MS = 250;
const GONE_MS = 30_000;
const SEAL_MS = 60_000;

/**
 * Creates the helper pod of a run.
 * @throws StageError (stage `create`) that says why the API server refused. No pod is left then.
 */
export async function createHelper(
  { pods, exec, execToEnd, statusLagMs }: HelperCluster,
  namespace: string,
  spec: HelperSpec
): Promise<Helper> {
  const pod = helperName(spec.runId);
  const target: ExecTarget = { namespace, pod, container: HELPER_CONTAINER };
  try {
    await pods.create(namespace, helperPod(spec));
  } catch (error) {
    // No answer is not a no: the pod may be there.
    if (error instanceof ApiFailure && error.mayBeDone)
      await pods.remove(namespace, pod).catch(() => undefined);
    throw refusalOf(namespace, error);
  }
  let commandWords = (): string => '';
  let tarWords: string[] = [];
  return {
    namespace,
    pod,

    async ready(timeoutMs, signal) {
      const until = Date.now() + timeoutMs;
      for (;;) {
        signal.throwIfAborted();
        const seen = await pods.get(namespace, pod);
        let state = podState(seen);
        if (state.kind === 'ready') return state.node;
        const over = Date.now() > until;
        if (over && seen) {
          // Only now: events cost a request, and tell of a volume that cannot be mounted.
          state = podState(seen, await pods.eventsOf(seen).catch(() => []));
          if (state.kind === 'ready') return state.node;
        }
        if (state.kind === 'failed' || over) {
          const limit = state.kind === 'failed' ? '' : ` (waited ${timeoutMs / 1000} s)`;
          throw new StageError(
            'wait',
            state.reason,
            state.message + limit,
            state.hint,
            'needs-action'
          );
        }
        await sleep(LOOK_MS, undefined, { signal });
      }
    },

    async pack(level) {
      try {
        const running = await exec(target, packCommand(level));
        commandWords = () => running.stderrTail();
        return {
          body: running.stdout,
          exit: running.exit,
          stderrTail: () => running.stderrTail(),
        };
      } catch (error) {
        throw new StageError(
          'exec',
          'ExecRefused',
          apiMessageOf(error),
          `check that the runner may create pods/exec there: ${openNamespaceCommand(namespace)}`,
          'needs-action',
          { cause: error }
        );
      }
    },

    async seal() {
      try {
        const answer = await execToEnd(target, sealCommand(), { timeoutMs: SEAL_MS });
        if (answer.exitCode === 0) {
          const seal = readSeal(answer.stdout);
          tarWords = seal.messages;
          return seal;
        }
        throw new Error(answer.stderr.trim() || `cat ended with ${answer.exitCode}`);
      } catch (error) {
        if (error instanceof StageError) throw error;
        throw new StageError(
          'checksum',
          'SealMissing',
          `the helper pod ${namespace}/${pod} has no seal for what it sent: ${apiMessageOf(error)}`,
          'back up again: without the seal nothing proves that the archive is whole',
          'transient',
          { cause: error }
        );
      }
    },

    async whyGone() {
      const until = Date.now() + statusLagMs;
      let why: StageError | undefined;
      do {
        const seen = await pods.get(namespace, pod).catch(() => 'unknown' as const);
        const state = seen === 'unknown' ? undefined : podState(seen);
        if (state?.kind === 'failed') {
          why = new StageError('copy', state.reason, state.message, state.hint, 'needs-action');
          // A container that has ended is only half of the story: "Evicted" was seen to come after it.
          if (state.reason !== 'HelperEnded') return why;
        }
        await sleep(LOOK_MS);
      } while (Date.now() < until);
      return why;
    },

    async lastWords() {
      const seen = await pods.get(namespace, pod).catch(() => undefined);
      const events = seen ? await pods.eventsOf(seen).catch(() => []) : [];
      return lastWordsOf({ command: commandWords(), tar: tarWords, pod: seen, events });
    },

    close: () => removeHelper(pods, namespace, pod),
  };
}

/**
 * Deletes a helper pod and waits until it is gone.
 * @throws StageError (stage `cleanup`) when the API server refuses or the pod stays.
 */
export async function removeHelper(pods: Pods, namespace: string, pod: string): Promise<void> {
  const until = Date.now() + GONE_MS;
  let last = 'it is still terminating';
  do {
    try {
      await pods.remove(namespace, pod);
      if (!(await pods.get(namespace, pod))) return;
    } catch (error) {
      last = apiMessageOf(error);
      if (httpStatusOf(error) === 403) break; // asking again gives no right
    }
    await sleep(LOOK_MS);
  } while (Date.now() < until);
  throw new StageError(
    'cleanup',
    'HelperLeft',
    `helper pod ${namespace}/${pod} could not be deleted: ${last}`,
    `delete it with kubectl delete pod ${pod} -n ${namespace}; NKVM tries again every five minutes`,
    'unknown'
  );
}
