import type { Pod, PodEvent } from '../cluster/pods.ts';

/** How a helper pod is doing. `waiting` may pass, `failed` will not; both say why, for people. */
export type PodState =
  | { kind: 'ready'; node: string }
  | { kind: 'waiting' | 'failed'; reason: string; message: string; hint: string };

const CANNOT_PULL = ['ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'];
const CANNOT_START = [
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'CrashLoopBackOff',
];

/**
 * Reads a pod's state from what Kubernetes says of it.
 *
 * | the pod | state |
 * | --- | --- |
 * | is gone, or ended (evicted, out of memory, deadline) | failed |
 * | has an image that was refused, or a container that cannot start | failed |
 * | found no node, waits for its volume, pulls its image | waiting |
 * | runs | ready |
 */
export function podState(pod: Pod | undefined, events: readonly PodEvent[] = []): PodState {
  if (!pod) {
    return failed('HelperGone', 'the helper pod was deleted by somebody else', 'back up again');
  }
  const name = `helper pod ${pod.metadata?.namespace}/${pod.metadata?.name}`;
  const container = pod.status?.containerStatuses?.[0];
  const ended = container?.state?.terminated;
  if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded' || ended) {
    return endOf(name, pod, ended);
  }
  if (pod.metadata?.deletionTimestamp) return beingDeleted(name);
  const waits = container?.state?.waiting;
  if (waits?.reason && CANNOT_PULL.includes(waits.reason)) {
    const image = pod.spec?.containers[0]?.image;
    return failed(
      'ImageNotPulled',
      `${name} cannot get its image ${image} (${waits.reason}): ${waits.message ?? 'no details'}`,
      'set NKVM_HELPER_IMAGE to an image that the nodes can pull, or load it onto them'
    );
  }
  if (waits?.reason && CANNOT_START.includes(waits.reason)) {
    return failed(
      'HelperNotStarted',
      `${name} cannot start (${waits.reason}): ${waits.message ?? 'no details'}`,
      'check that NKVM_HELPER_IMAGE holds the helper’s tools'
    );
  }
  if (container?.ready && pod.spec?.nodeName) return { kind: 'ready', node: pod.spec.nodeName };

  const unscheduled = pod.status?.conditions?.find(
    condition => condition.type === 'PodScheduled' && condition.status === 'False'
  );
  if (unscheduled) {
    return waiting(
      'NoNode',
      `${name} found no node: ${unscheduled.message ?? unscheduled.reason}`,
      'make room on a node that can reach the volume, or wait until one is free'
    );
  }
  const mount = events.findLast(({ reason }) => /^Failed(Mount|AttachVolume)$/.test(reason ?? ''));
  if (mount) {
    return waiting(
      'VolumeNotMounted',
      `${name} cannot mount the volume: ${mount.message}`,
      'check the volume’s CSI driver on that node'
    );
  }
  return waiting(
    'HelperNotReady',
    `${name} is not ready (${waits?.reason ?? pod.status?.phase ?? 'no status yet'})`,
    'see why with kubectl describe pod while a backup waits; NKVM_HELPER_POD_TIMEOUT_SECONDS gives it more time'
  );
}

type Terminated = NonNullable<
  NonNullable<
    NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]['state']
  >['terminated']
>;

function endOf(name: string, pod: Pod, ended: Terminated | undefined): PodState {
  const { reason, message } = pod.status ?? {};
  if (reason === 'Evicted') {
    return failed(
      'HelperEvicted',
      `${name} was evicted: ${message}`,
      'free the resource that the node is short of, then back up again'
    );
  }
  if (reason === 'DeadlineExceeded') {
    return failed(
      'RunTimedOut',
      `${name} reached its deadline of ${pod.spec?.activeDeadlineSeconds} s`,
      'give runs more time with NKVM_RUN_TIMEOUT_SECONDS'
    );
  }
  if (ended?.reason === 'OOMKilled') {
    return failed(
      'HelperOutOfMemory',
      `${name} ran out of memory (limit ${pod.spec?.containers[0]?.resources?.limits?.memory})`,
      'give helpers more with NKVM_HELPER_MEMORY_LIMIT; millions of hard links in one volume need it'
    );
  }
  if (ended && /StartError|ContainerCannotRun/.test(ended.reason ?? '')) {
    return failed(
      'HelperNotStarted',
      `${name} cannot start: ${ended.message ?? ended.reason}`,
      'check that NKVM_HELPER_IMAGE holds sh and the helper’s tools'
    );
  }
  if (pod.metadata?.deletionTimestamp) return beingDeleted(name); // and has ended because of it
  const why = message ?? reason ?? ended?.message ?? `exit code ${ended?.exitCode ?? 'unknown'}`;
  return failed('HelperEnded', `${name} ended before its work was done: ${why}`, 'back up again');
}

const beingDeleted = (name: string): PodState =>
  failed('HelperGone', `${name} is being deleted by somebody else`, 'back up again');

const failed = (reason: string, message: string, hint: string): PodState => ({
  kind: 'failed',
  reason,
  message,
  hint,
});
const waiting = (reason: string, message: string, hint: string): PodState => ({
  kind: 'waiting',
  reason,
  message,
  hint,
});
