import { setTimeout as sleep } from 'node:timers/promises';
import { ApiFailure } from '../cluster/gateway/apiFailure.ts';
import type { ExecTarget, FedCommand, RunningCommand } from '../cluster/gateway/exec.ts';
import type { Pod, Pods } from '../cluster/gateway/pods.ts';
import type { NodeFact } from '../cluster/watch/facts.ts';
import type { FollowPod } from '../cluster/watch/podChanges.ts';
import { StageError } from '../errors.ts';
import { lastOutputOf } from './lastOutput.ts';
import type { HelperSpec } from './manifest.ts';
import type { HelperId } from './names.ts';
import { HELPER_CONTAINER, helperLabels, helperNames } from './names.ts';
import { WORKING } from './pack/packCommand.ts';
import { withPauses } from './pauses.ts';
import type { PodCreation } from './refusal/createPod.ts';
import { createPod } from './refusal/createPod.ts';
import { execRefusalOf } from './refusal/execRefusal.ts';
import { refusalOf } from './refusal/refusal.ts';
import { removeHelper } from './removeHelper.ts';
import { podState } from './wait/podState.ts';
import type { WaitingPod } from './wait/waitingPod.ts';
import type { WaitLimits } from './wait/waitLimits.ts';
import { waitUntilReady } from './wait/waitUntilReady.ts';

/** The dependencies of helper pods on a cluster. */
export interface HelperCluster extends PodCreation {
  pods: Pods;
  /** @returns the nodes, so that a pod that waits for one can say more. Absent: not known. */
  nodes?(): readonly NodeFact[];
  /** Absent: no watch tells of pods, and they are looked at again and again. */
  follow?: FollowPod;
  /** How long after a broken stream the pod's status may still change; an evicted pod took 2 s. */
  statusLagMs: number;
  /** Milliseconds between two looks at a pod. */
  lookMs?: number;
  /** How long a deleted pod may take until it is gone. */
  goneMs?: number;
  exec(
    target: ExecTarget,
    command: readonly string[],
    options?: { onStderr?: (text: string) => void }
  ): Promise<RunningCommand>;
  /** Runs a command that reads from us. */
  execWithInput(
    target: ExecTarget,
    command: readonly string[],
    options?: FeedOptions
  ): Promise<FedCommand>;
  execToEnd(
    target: ExecTarget,
    command: readonly string[],
    options: { timeoutMs: number }
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
}

/** How a command is fed. */
export interface FeedOptions {
  /** For its start only. */
  signal?: AbortSignal | undefined;
  onStderr?: (text: string) => void;
}

/** The helper pod of one attempt of a run. */
export interface Helper {
  readonly namespace: string;
  readonly pod: string;
  /** UID of the pod. Another pod of the same name is never taken for this one. */
  readonly uid: string;
  /** @returns its IP addresses, as they were when it was seen last; none: not known. */
  addresses(): string[];
  /**
   * Waits until it runs.
   * @param onWaiting is told what it waits for, after a moment and after each change
   * @returns its node
   * @throws StageError (stage `wait`) that says why it does not run.
   */
  ready(
    limits: WaitLimits,
    signal: AbortSignal,
    onWaiting?: (state: WaitingPod) => void
  ): Promise<string>;
  /** Starts a command in it. @throws StageError (stage `exec`). */
  exec(
    command: readonly string[],
    options?: { onStderr?: (text: string) => void }
  ): Promise<RunningCommand>;
  /** Starts a command that reads from us; see receive.ts. @throws StageError (stage `exec`). */
  feed(command: readonly string[], options?: FeedOptions): Promise<FedCommand>;
  /** Runs a command that writes little. @throws ApiFailure. */
  execToEnd(
    command: readonly string[],
    options: { timeoutMs: number }
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /**
   * That the pod of this name is still this one: then every command since `ready` ran in it, because a UID does not come
   * back. @throws StageError (stage `checksum`).
   */
  checkIsOurs(): Promise<void>;
  /**
   * After something broke: what became of the pod. Its status may change a little later than the stream broke.
   * @returns undefined when it lives on, or the API server did not say.
   */
  whyGone(): Promise<StageError | undefined>;
  /**
   * After something broke: the last output of the helper, and of Kubernetes about it, in lines.
   * @returns undefined when there is none. Never throws.
   */
  lastOutput(): Promise<string | undefined>;
  /** Deletes the pod and waits until it is gone. @throws StageError (stage `cleanup`). */
  close(): Promise<void>;
}

const LOOK_MS = 250;

/**
 * Creates the helper pod of an attempt.
 * @throws StageError (stage `create`) that says why the API server refused. Where no answer came, the pod may be there all
 *   the same: the sweep deletes it.
 */
export async function createHelper(
  cluster: HelperCluster,
  namespace: string,
  spec: HelperSpec
): Promise<Helper> {
  let last: unknown;
  for (const name of helperNames(spec)) {
    try {
      const created = await createPod(cluster, namespace, spec, name);
      return helperOf(cluster, namespace, name, created.metadata?.uid ?? '');
    } catch (error) {
      last = error;
      if (!(error instanceof ApiFailure)) break;
      const isThere = error.reason === 'AlreadyExists';
      if (isThere || error.mayBeDone) await removeEarlier(cluster.pods, namespace, name, spec);
      // It may be busy with the command of an earlier try, or never end on a node that is gone: another name is used.
      if (!isThere) break;
    }
  }
  throw refusalOf(namespace, last);
}

/**
 * Deletes what an earlier try of this attempt created: a call without an answer, and nobody could delete it while the API
 * server was unavailable. Best effort; the sweep looks again.
 */
async function removeEarlier(
  pods: Pods,
  namespace: string,
  name: string,
  id: HelperId
): Promise<void> {
  const seen = await pods.get(namespace, name).catch(() => undefined);
  if (seen && isFor(seen, id)) {
    await pods.remove(namespace, name, { uid: seen.metadata?.uid }).catch(() => undefined);
  }
}

const isFor = (pod: Pod, id: HelperId): boolean =>
  Object.entries(helperLabels(id)).every(([name, value]) => pod.metadata?.labels?.[name] === value);

function helperOf(
  {
    pods,
    nodes,
    follow,
    exec,
    execWithInput,
    execToEnd,
    statusLagMs,
    lookMs = LOOK_MS,
    goneMs,
  }: HelperCluster,
  namespace: string,
  pod: string,
  uid: string
): Helper {
  const target: ExecTarget = { namespace, pod, container: HELPER_CONTAINER };
  /** @returns undefined when this pod is gone, whatever else has its name now. */
  const look = async (): Promise<Pod | undefined> => {
    const seen = await pods.get(namespace, pod);
    if (seen?.metadata?.uid !== uid) return undefined;
    addresses = seen.status?.podIPs?.flatMap(({ ip }) => ip ?? []) ?? [];
    return seen;
  };
  let addresses: string[] = [];
  let stderr = (): string => '';
  /** @throws StageError when the command does not start. */
  const started = async <T extends RunningCommand>(start: () => Promise<T>): Promise<T> => {
    try {
      const running = await start();
      stderr = () => running.stderrTail();
      return running;
    } catch (error) {
      throw execRefusalOf(namespace, error);
    }
  };
  return {
    namespace,
    pod,
    uid,

    addresses: () => addresses,

    ready: (limits, signal, onWaiting = () => undefined) =>
      withPauses(follow, { namespace, pod }, pause =>
        waitUntilReady({ pods, nodes, look, lookMs, pause, limits, signal, onWaiting })
      ),

    exec: (command, options) => started(() => exec(target, command, options)),

    feed: (command, options) => started(() => execWithInput(target, command, options)),

    execToEnd: (command, options) => execToEnd(target, command, options),

    async checkIsOurs() {
      const seen = await pods.get(namespace, pod);
      if (seen?.metadata?.uid === uid) return;
      throw new StageError(
        'checksum',
        'HelperGone',
        `helper pod ${namespace}/${pod} was replaced by another pod while it worked`,
        'nothing to do: NKVM tries again; the audit log of the API server names the client that did it',
        'transient'
      );
    },

    async whyGone() {
      const until = Date.now() + statusLagMs;
      let why: StageError | undefined;
      do {
        const state = await look().then(
          seen => podState(seen),
          () => undefined
        );
        if (state?.kind === 'failed') {
          why = new StageError('copy', state.reason, state.message, state.hint, state.class);
          // A container that has ended is only half of the story: "Evicted" was seen to come after it.
          if (state.reason !== 'HelperEnded') return why;
        }
        await sleep(lookMs);
      } while (Date.now() < until);
      return why;
    },

    async lastOutput() {
      const seen = await look().catch(() => undefined);
      const events = seen ? await pods.eventsOf(seen).catch(() => []) : [];
      return lastOutputOf({ command: stderr().replaceAll(WORKING, ''), pod: seen, events });
    },

    close: () => removeHelper(pods, namespace, pod, uid, { lookMs, goneMs, follow }),
  };
}
