import type { Pod, PodEvent } from '../../cluster/gateway/pods.ts';
import type { NodeFact } from '../../cluster/watch/facts.ts';
import { helperContainer } from '../names.ts';
import {
  endOfPod,
  failed,
  type FailedPod,
  OTHER_ARCHITECTURE,
  otherArchitecture,
  podName,
  specOf,
} from './podEnd.ts';
import { troubleOf, waitForNode } from './waitForNode.ts';
import type { WaitingPod } from './waitingPod.ts';
import type { WaitCause } from './waitLimits.ts';

/** How a helper pod is doing; what is not ready says why, for people. */
export type PodState = { kind: 'ready'; node: string } | WaitingPod | FailedPod;

/** Facts besides the pod. */
export interface PodCircumstances {
  /** About the pod, oldest first. */
  events?: readonly PodEvent[];
  nodes?: readonly NodeFact[];
}

/** The kubelet repeats a pull after 10, 20 and 40 s: a registry that answers wrongly for a moment gets these three. */
const REFUSED_PULL_MS = 75_000;

/** A node is "not ready" 40 s after its kubelet was heard last: a restart of the kubelet is shorter than that. */
const LOST_NODE_MS = 20_000;

const CANNOT_PULL = /^(ImagePullBackOff|ErrImagePull|RegistryUnavailable|ImageInspectError)$/;
/** Nothing but another setting helps. */
const NEVER_PULLED = /^(InvalidImageName|ErrImageNeverPull)$/;
/** Answers of a registry that most likely come again. */
const PULL_REFUSED =
  /not found|manifest unknown|denied|unauthorized|forbidden|authentication required|no basic auth|not present with pull policy|couldn't parse image|invalid reference|does not exist|no match for platform/i;
const CANNOT_CREATE = /^(CreateContainerConfigError|CreateContainerError|RunContainerError)$/;
/** Of a container that cannot be created: the same happens each time. */
const NEVER_CREATED =
  /run as (non-)?root|runAsNonRoot|runAsUser|executable file not found|no such file or directory|no command specified/i;

/**
 * Reads a pod's state from what Kubernetes says of it.
 *
 * | the pod | state | cause |
 * | --- | --- | --- |
 * | is gone, or ended (evicted, out of memory, deadline) | failed | |
 * | has an invalid image name, or a container that can never start | failed | |
 * | cannot be scheduled | waiting | node |
 * | has a node that is not ready, or is being deleted | waiting, for a short time: the next attempt runs elsewhere | start |
 * | has a node whose kubelet has not taken it | waiting | start |
 * | cannot mount its volume, or has no network yet and no event that says more | waiting | volume |
 * | pulls its image, perhaps again | waiting | image |
 * | anything else | waiting | start |
 * | runs | ready | |
 */
export function podState(pod: Pod | undefined, seen: PodCircumstances = {}): PodState {
  const end = endOfPod(pod);
  if (end || !pod) return end ?? failed('HelperGone', '', '', 'transient');
  const { events = [], nodes = [] } = seen;
  const node = pod.spec?.nodeName;
  if (!node) return waitForNode(pod, nodes);
  const container = helperContainer(pod);
  if (container?.ready) return { kind: 'ready', node };
  const fact = nodes.find(({ name }) => name === node);
  const trouble = fact && troubleOf(fact);
  if (trouble) return onLostNode(pod, node, trouble);
  const waits = container?.state?.waiting;
  const why = waits?.reason ?? '';
  if (NEVER_PULLED.test(why) || CANNOT_PULL.test(why)) return pull(pod, why, waits?.message);
  if (CANNOT_CREATE.test(why) || why === 'CrashLoopBackOff') {
    return notCreated(pod, why, waits?.message ?? 'no details');
  }
  return starting(pod, events);
}

const waitingOn = (pod: Pod, state: Omit<WaitingPod, 'kind' | 'node'>): WaitingPod => ({
  kind: 'waiting',
  node: pod.spec?.nodeName ?? null,
  ...state,
});

const onLostNode = (pod: Pod, node: string, trouble: string): WaitingPod =>
  waitingOn(pod, {
    ...{ cause: 'start', limitMs: LOST_NODE_MS, reason: 'NodeNotReady', class: 'transient' },
    note: `waiting for node ${node}: ${trouble}`,
    message: `${podName(pod)} cannot start on node ${node}: ${trouble}`,
    hint: `see why with kubectl describe node ${node}; NKVM tries again by itself, on another node if the volume can be used there`,
  });

function pull(pod: Pod, why: string, said = 'no details'): PodState {
  const image = specOf(pod)?.image;
  const message = `${podName(pod)} cannot pull its image ${image} (${why}): ${said}`;
  const hint = 'set NKVM_HELPER_IMAGE to an image that the nodes can pull, or load it onto them';
  if (NEVER_PULLED.test(why)) return failed('ImageNotPulled', message, hint, 'needs-action');
  const isRefused = PULL_REFUSED.test(said);
  return waitingOn(pod, {
    cause: 'image',
    ...(isRefused && { limitMs: REFUSED_PULL_MS }),
    note: `waiting for image ${image}: ${said}`,
    reason: 'ImageNotPulled',
    ...{ message, hint, class: isRefused ? 'needs-action' : 'transient' },
  });
}

function notCreated(pod: Pod, why: string, said: string): PodState {
  if (OTHER_ARCHITECTURE.test(said)) return otherArchitecture(podName(pod), pod);
  const message = `${podName(pod)} cannot start (${why}): ${said}`;
  const hint = 'check that NKVM_HELPER_IMAGE is the image of this version of NKVM';
  if (NEVER_CREATED.test(said) || why === 'CrashLoopBackOff') {
    return failed('HelperNotStarted', message, hint, 'needs-action');
  }
  return waitingOn(pod, {
    cause: 'start',
    note: `waiting for the helper pod to start: ${said}`,
    reason: 'HelperNotStarted',
    ...{ message, hint, class: 'unknown' },
  });
}

const VOLUME_EVENT = /^Failed(Mount|AttachVolume)$/;
const NETWORK_EVENT = /^FailedCreatePodSandBox$/;
const PULL_EVENT = /^Pulling$/;
const STARTED_EVENT = /^(Pulled|Created|SuccessfulAttachVolume|SuccessfulMountVolume)$/;

/** A pod that has a node, and whose container has not been created. */
function starting(pod: Pod, events: readonly PodEvent[]): WaitingPod {
  const node = pod.spec?.nodeName ?? '';
  const name = podName(pod);
  const hint =
    'see why with kubectl describe pod while a run waits for it, and look at its node with kubectl describe node';
  const waits = (cause: WaitCause, reason: string, what: string, more = hint): WaitingPod =>
    waitingOn(pod, {
      ...{ cause, reason, hint: more, class: 'transient' },
      note: `waiting for ${what}`,
      message: `${name} is not ready: it waits for ${what}`,
    });
  const initial = pod.status?.initContainerStatuses?.find(({ state }) => !state?.terminated);
  const last = events.findLast(({ reason = '' }) =>
    [VOLUME_EVENT, NETWORK_EVENT, PULL_EVENT, STARTED_EVENT].some(known => known.test(reason))
  );
  const event = last?.reason ?? '';
  if (VOLUME_EVENT.test(event)) {
    return {
      ...waits('volume', 'VolumeNotMounted', `the volume on node ${node}: ${last?.message}`),
      message: `${name} cannot mount the volume: ${last?.message}`,
      hint: 'check the volume’s CSI driver on that node, and whether another node still has the volume attached',
    };
  }
  if (NETWORK_EVENT.test(event)) {
    return waits(
      'start',
      'HelperNotReady',
      `the network of the pod on node ${node}: ${last?.message}`,
      'check the network plugin of that node'
    );
  }
  if (!pod.status?.startTime) {
    return waits('start', 'HelperNotReady', `the kubelet of node ${node}, which has not taken it`);
  }
  if (initial && initial.state?.waiting?.reason !== 'PodInitializing') {
    const said = initial.state?.waiting?.message ?? initial.state?.waiting?.reason ?? 'it runs';
    return waits(
      'start',
      'HelperNotReady',
      `container ${initial.name}, which was injected into the pod: ${said}`,
      'keep the injector away from helper pods; their labels are in docs/operations'
    );
  }
  const isPulling = PULL_EVENT.test(event) || (event === '' && hasSandbox(pod));
  if (isPulling) {
    return waits(
      'image',
      'HelperNotReady',
      `image ${specOf(pod)?.image}, which node ${node} pulls`
    );
  }
  if (STARTED_EVENT.test(event) || helperContainer(pod)?.state?.running) {
    return waits('start', 'HelperNotReady', `its container on node ${node}`);
  }
  // The kubelet mounts volumes before anything else, and is silent about it for two minutes.
  return waits(
    'volume',
    'VolumeNotMounted',
    `the volume, which is attached to node ${node} and mounted there`
  );
}

/** The condition is there since Kubernetes 1.28. Volumes are mounted before the sandbox is made. */
const hasSandbox = (pod: Pod): boolean =>
  pod.status?.conditions?.some(
    ({ type, status }) => type === 'PodReadyToStartContainers' && status === 'True'
  ) ?? false;
