import type { Pod, PodStatus } from '../store/object.ts';

type ContainerStatus = NonNullable<PodStatus['containerStatuses']>[number];
type Condition = NonNullable<PodStatus['conditions']>[number];
export type ContainerState = NonNullable<ContainerStatus['state']>;
export type Terminated = NonNullable<ContainerState['terminated']>;

/** What a kubelet knows of one container. */
export interface ContainerRecord {
  name: string;
  image: string;
  state: ContainerState;
  lastTerminated?: Terminated;
  restartCount: number;
  /** Absent until there is an instance. */
  containerID?: string;
  imageID?: string;
}

/** What a kubelet knows of one of its pods. */
export interface PodFacts {
  hostIP: string;
  podIP: string;
  startedAt: string;
  now: string;
  /** The volumes are there, and what the containers share. */
  hasSandbox: boolean;
  initContainers: readonly ContainerRecord[];
  containers: readonly ContainerRecord[];
  /** The kubelet has ended the pod: nothing is started again. */
  isStopped: boolean;
  /** Why it has, if not because the pod was deleted. */
  failure?: { reason: string; message: string };
}

/**
 * The phase of a pod (kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle), from the states of its containers.
 *
 * | containers | phase |
 * | --- | --- |
 * | an init container has not succeeded, or one has never run | Pending |
 * | one runs, or will be started again | Running |
 * | all ended well | Succeeded |
 * | all ended, one of them badly | Failed |
 */
export function phaseOf(pod: Pod, facts: PodFacts): string {
  const { restartPolicy } = pod.spec;
  const { initContainers, containers, isStopped } = facts;
  const all = [...initContainers, ...containers];
  const isBad = ({ state }: ContainerRecord) => (state.terminated?.exitCode ?? 0) !== 0;
  const isOver = ({ state }: ContainerRecord) => state.terminated !== undefined;

  if (isStopped && all.some(({ state }) => state.running)) return 'Running';
  if (isStopped) return facts.failure || all.some(isBad) ? 'Failed' : 'Succeeded';
  if (restartPolicy === 'Never' && initContainers.some(isBad)) return 'Failed';
  if (containers.some(({ state, lastTerminated }) => state.waiting && !lastTerminated))
    return 'Pending';
  if (!containers.every(isOver) || restartPolicy === 'Always') return 'Running';
  if (!containers.some(isBad)) return 'Succeeded';
  return restartPolicy === 'Never' ? 'Failed' : 'Running';
}

/** @returns the whole status; times of conditions that have not changed stay. */
export function podStatus(pod: Pod, facts: PodFacts): PodStatus {
  const phase = phaseOf(pod, facts);
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  const ended = { Succeeded: 'PodCompleted', Failed: 'PodFailed' }[phase];
  const unready = facts.containers.filter(({ state }) => !state.running).map(({ name }) => name);
  const uninitialized = facts.initContainers
    .filter(({ state }) => state.terminated?.exitCode !== 0)
    .map(({ name }) => name);

  const ready = isOver
    ? { status: 'False', reason: ended }
    : unready.length
    ? {
        status: 'False',
        reason: 'ContainersNotReady',
        message: `containers with unready status: [${unready.join(' ')}]`,
      }
    : { status: 'True' };
  const initialized = uninitialized.length
    ? {
        status: 'False',
        reason: 'ContainersNotInitialized',
        message: `containers with incomplete status: [${uninitialized.join(' ')}]`,
      }
    : { status: 'True', ...(phase === 'Succeeded' && { reason: ended }) };

  const { generation: observedGeneration } = pod.metadata;
  const wanted = {
    PodReadyToStartContainers: { status: facts.hasSandbox && !isOver ? 'True' : 'False' },
    Initialized: initialized,
    Ready: ready,
    ContainersReady: ready,
    PodScheduled: { status: 'True' },
  };
  const conditions = Object.entries(wanted).map(([type, state]): Condition => {
    const before = pod.status.conditions?.find(condition => condition.type === type);
    const lastTransitionTime =
      before?.status === state.status ? before.lastTransitionTime : facts.now;
    return {
      lastProbeTime: null as unknown as string,
      lastTransitionTime,
      observedGeneration,
      ...state,
      type,
    } as Condition;
  });

  const hasAddress = facts.hasSandbox || isOver;
  return {
    ...(observedGeneration !== undefined && { observedGeneration }),
    phase,
    ...facts.failure,
    conditions,
    hostIP: facts.hostIP,
    hostIPs: [{ ip: facts.hostIP }],
    ...(hasAddress && { podIP: facts.podIP, podIPs: [{ ip: facts.podIP }] }),
    startTime: facts.startedAt,
    ...(facts.initContainers.length && {
      initContainerStatuses: facts.initContainers.map(statusOfInit),
    }),
    containerStatuses: facts.containers.map(statusOf),
    ...(pod.status.qosClass && { qosClass: pod.status.qosClass }),
  };
}

const statusOf = (record: ContainerRecord): ContainerStatus => ({
  name: record.name,
  state: record.state,
  lastState: record.lastTerminated ? { terminated: record.lastTerminated } : {},
  ready: record.state.running !== undefined,
  restartCount: record.restartCount,
  image: record.image,
  imageID: record.imageID ?? '',
  ...(record.containerID && { containerID: record.containerID }),
  started: record.state.running !== undefined,
});

/** An init container is ready when it has done its work. */
const statusOfInit = (record: ContainerRecord): ContainerStatus => ({
  ...statusOf(record),
  ready: record.state.terminated?.exitCode === 0,
});
