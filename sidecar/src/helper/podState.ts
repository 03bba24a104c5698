import type { Pod, PodEvent } from '../cluster/pods.ts';
import type { FailureClass } from '../errors.ts';
import { HELPER_CONTAINER, helperContainer } from './names.ts';

/**
 * How a helper pod is doing. `waiting` may pass in this pod, `failed` will not; both say why, for people, and the class
 * says whether another pod may do better.
 */
export type PodState =
  | { kind: 'ready'; node: string }
  | {
      kind: 'waiting' | 'failed';
      reason: string;
      message: string;
      hint: string;
      class: FailureClass;
    };

const CANNOT_PULL = ['ImagePullBackOff', 'ErrImagePull', 'ErrImageNeverPull', 'InvalidImageName'];
/** Answers of a registry, and of the kubelet, that come again. Any other failed pull is repeated by the kubelet. */
const NO_SUCH_IMAGE =
  /not found|manifest unknown|denied|unauthorized|authentication required|not present with pull policy|couldn't parse image|invalid reference|does not exist/i;
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
 * | has an image that does not exist or is refused, or a container that cannot start | failed |
 * | found no node, waits for its volume, pulls its image, perhaps again | waiting |
 * | runs | ready |
 */
export function podState(pod: Pod | undefined, events: readonly PodEvent[] = []): PodState {
  if (!pod) {
    return failed(
      'HelperGone',
      'the helper pod was deleted by another client than NKVM',
      'nothing, it is tried again; the audit log of the API server names the client',
      'transient'
    );
  }
  const name = `helper pod ${pod.metadata?.namespace}/${pod.metadata?.name}`;
  const container = helperContainer(pod);
  const ended = container?.state?.terminated;
  if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded' || ended) {
    return endOf(name, pod, ended);
  }
  if (pod.metadata?.deletionTimestamp) return beingDeleted(name);
  const waits = container?.state?.waiting;
  if (waits?.reason && CANNOT_PULL.includes(waits.reason)) {
    const isFinal =
      waits.reason === 'InvalidImageName' ||
      waits.reason === 'ErrImageNeverPull' ||
      NO_SUCH_IMAGE.test(waits.message ?? '');
    const message = `${name} cannot pull its image ${specOf(pod)?.image} (${waits.reason}): ${
      waits.message ?? 'no details'
    }`;
    const hint = 'set NKVM_HELPER_IMAGE to an image that the nodes can pull, or load it onto them';
    return isFinal
      ? failed('ImageNotPulled', message, hint, 'needs-action')
      : waiting('ImageNotPulled', message, hint, 'transient');
  }
  if (waits?.reason && CANNOT_START.includes(waits.reason)) {
    return failed(
      'HelperNotStarted',
      `${name} cannot start (${waits.reason}): ${waits.message ?? 'no details'}`,
      'check that NKVM_HELPER_IMAGE is the image of this version of NKVM',
      waits.reason === 'CreateContainerConfigError' ? 'needs-action' : 'unknown'
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
      'make room on a node that can reach the volume, or wait until one is free',
      'transient'
    );
  }
  const mount = events.findLast(({ reason }) => /^Failed(Mount|AttachVolume)$/.test(reason ?? ''));
  if (mount) {
    return waiting(
      'VolumeNotMounted',
      `${name} cannot mount the volume: ${mount.message}`,
      'check the volume’s CSI driver on that node',
      'transient'
    );
  }
  return waiting(
    'HelperNotReady',
    `${name} is not ready (${waits?.reason ?? pod.status?.phase ?? 'no status yet'})`,
    'see why with kubectl describe pod while a backup waits; NKVM_HELPER_POD_TIMEOUT_SECONDS gives it more time',
    'transient'
  );
}

const specOf = (pod: Pod) => pod.spec?.containers.find(({ name }) => name === HELPER_CONTAINER);

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
      'free the resource that the node is short of',
      'transient'
    );
  }
  if (reason === 'DeadlineExceeded') {
    return failed(
      'RunTimedOut',
      `${name} reached its deadline of ${pod.spec?.activeDeadlineSeconds} s`,
      'give runs more time with NKVM_RUN_TIMEOUT_SECONDS',
      'needs-action'
    );
  }
  if (ended?.reason === 'OOMKilled') {
    return failed(
      'HelperOutOfMemory',
      `${name} ran out of memory (limit ${specOf(pod)?.resources?.limits?.memory})`,
      'give helpers more with NKVM_HELPER_MEMORY_LIMIT; millions of hard links in one volume need it',
      'needs-action'
    );
  }
  if (ended && /StartError|ContainerCannotRun/.test(ended.reason ?? '')) {
    return failed(
      'HelperNotStarted',
      `${name} cannot start: ${ended.message ?? ended.reason}`,
      'check that NKVM_HELPER_IMAGE is the image of this version of NKVM',
      'needs-action'
    );
  }
  if (pod.metadata?.deletionTimestamp) return beingDeleted(name); // and has ended because of it
  const why = message ?? reason ?? ended?.message ?? `exit code ${ended?.exitCode ?? 'unknown'}`;
  return failed(
    'HelperEnded',
    `${name} ended before its work was done: ${why}`,
    'nothing, it is tried again; the log of the kubelet on its node may say more',
    'transient'
  );
}

const beingDeleted = (name: string): PodState =>
  failed(
    'HelperGone',
    `${name} is being deleted by another client than NKVM`,
    'nothing, it is tried again; the audit log of the API server names the client',
    'transient'
  );

const failed = (
  reason: string,
  message: string,
  hint: string,
  failureClass: FailureClass
): PodState => ({ kind: 'failed', reason, message, hint, class: failureClass });

const waiting = (
  reason: string,
  message: string,
  hint: string,
  failureClass: FailureClass
): PodState => ({ kind: 'waiting', reason, message, hint, class: failureClass });
