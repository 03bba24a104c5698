import type { Pod } from '../../cluster/gateway/pods.ts';
import type { FailureClass } from '../../errors.ts';
import { FITTED_ANNOTATION } from '../manifest.ts';
import { HELPER_CONTAINER, helperContainer } from '../names.ts';

/** A helper pod that does not get ready any more, or has ended. */
export interface FailedPod {
  kind: 'failed';
  reason: string;
  message: string;
  hint: string;
  /** Whether another pod may do better. */
  class: FailureClass;
}

export const failed = (
  reason: string,
  message: string,
  hint: string,
  failureClass: FailureClass
): FailedPod => ({ kind: 'failed', reason, message, hint, class: failureClass });

/** @returns how a helper pod is called in messages. */
export const podName = ({ metadata }: Pod): string =>
  `helper pod ${metadata?.namespace}/${metadata?.name}`;

/** @returns the container of a helper pod that does the work, as it was asked for. */
export const specOf = (pod: Pod) =>
  pod.spec?.containers.find(({ name }) => name === HELPER_CONTAINER);

/** @returns why a helper pod has ended, or is about to; undefined: it has not. */
export function endOfPod(pod: Pod | undefined): FailedPod | undefined {
  if (!pod) {
    return failed(
      'HelperGone',
      'the helper pod was deleted by another client than NKVM',
      'nothing to do: NKVM tries again; the audit log of the API server names the client',
      'transient'
    );
  }
  const ended = helperContainer(pod)?.state?.terminated;
  if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded' || ended) {
    return endOf(podName(pod), pod, ended);
  }
  return pod.metadata?.deletionTimestamp ? beingDeleted(podName(pod)) : undefined;
}

type Terminated = NonNullable<
  NonNullable<
    NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]['state']
  >['terminated']
>;

function endOf(name: string, pod: Pod, ended: Terminated | undefined): FailedPod {
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
      pod.metadata?.annotations?.[FITTED_ANNOTATION]?.includes('limits.memory')
        ? 'raise the quota or LimitRange of its namespace, which allows helpers less than NKVM_HELPER_MEMORY_LIMIT'
        : 'give helpers more with NKVM_HELPER_MEMORY_LIMIT; volumes with millions of hard links, or with millions of names in one directory, need it',
      'needs-action'
    );
  }
  const said = `${ended?.message ?? ''} ${message ?? ''}`;
  if (ended && OTHER_ARCHITECTURE.test(said)) return otherArchitecture(name, pod);
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
    'nothing to do: NKVM tries again; the log of the kubelet on its node may say more',
    'transient'
  );
}

/** The kernel's error for a program of another architecture. */
export const OTHER_ARCHITECTURE = /exec format error/;

/** @returns that the image is of no use on the node of the pod. */
export const otherArchitecture = (name: string, pod: Pod): FailedPod =>
  failed(
    'HelperNotStarted',
    `${name} cannot start: image ${
      specOf(pod)?.image
    } is built for another architecture than that of node ${pod.spec?.nodeName}`,
    'set NKVM_HELPER_ARCHITECTURES to what the image is built for, or NKVM_HELPER_IMAGE to an image for every node',
    'needs-action'
  );

const beingDeleted = (name: string): FailedPod =>
  failed(
    'HelperGone',
    `${name} is being deleted by another client than NKVM`,
    'nothing to do: NKVM tries again; the audit log of the API server names the client',
    'transient'
  );
