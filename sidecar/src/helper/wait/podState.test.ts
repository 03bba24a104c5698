import { describe, expect, it } from 'vitest';
import type { Pod, PodEvent } from '../../cluster/gateway/pods.ts';
import type { FailureClass } from '../../errors.ts';
import { podState } from './podState.ts';
import type { WaitingPod } from './waitingPod.ts';

type Status = NonNullable<Pod['status']>;
type State = NonNullable<NonNullable<Status['containerStatuses']>[number]['state']>;

const pod = (status: Status, deletionTimestamp?: string): Pod => ({
  metadata: { namespace: 'shop', name: 'nkvm-backup-1', deletionTimestamp },
  spec: { nodeName: 'node-a', containers: [{ name: 'helper', image: 'example/helper:1' }] },
  status,
});
const unscheduled = (message: string): Pod => ({
  ...pod({ conditions: [{ type: 'PodScheduled', status: 'False', message }] }),
  spec: { containers: [] },
});
const container = (state: State, ready = false, phase = 'Pending'): Pod =>
  pod({
    phase,
    containerStatuses: [{ name: 'helper', image: '', imageID: '', ready, restartCount: 0, state }],
  });

describe('podState', () => {
  it('is ready when its container is', () => {
    expect(podState(container({ running: {} }, true, 'Running'))).toEqual({
      kind: 'ready',
      node: 'node-a',
    });
  });

  it.each<[string, Pod | undefined, string, RegExp]>([
    ['is gone', undefined, 'HelperGone', /deleted by another client/],
    [
      'is being deleted',
      pod({ phase: 'Running' }, '2026-01-01T00:00:00Z'),
      'HelperGone',
      /is being deleted by another client/,
    ],
    [
      'is being deleted, and has ended because of it',
      pod({ phase: 'Succeeded' }, '2026-01-01T00:00:00Z'),
      'HelperGone',
      /is being deleted by another client/,
    ],
    [
      'was evicted',
      pod({ phase: 'Failed', reason: 'Evicted', message: 'low on memory' }),
      'HelperEvicted',
      /evicted: low on memory/,
    ],
    [
      'reached its deadline',
      pod({ phase: 'Failed', reason: 'DeadlineExceeded' }),
      'RunTimedOut',
      /deadline/,
    ],
    [
      'ran out of memory',
      container({ terminated: { exitCode: 137, reason: 'OOMKilled' } }, false, 'Failed'),
      'HelperOutOfMemory',
      /out of memory/,
    ],
    [
      'has an image without sh',
      container({ terminated: { exitCode: 128, reason: 'StartError', message: 'no sh' } }),
      'HelperNotStarted',
      /cannot start: no sh/,
    ],
    [
      'has an image for other nodes',
      container({ terminated: { exitCode: 255, message: 'exec /bin/sh: exec format error' } }),
      'HelperNotStarted',
      /example\/helper:1 is built for another architecture than that of node node-a/,
    ],
    [
      'has an image name that is none',
      container({ waiting: { reason: 'InvalidImageName', message: 'x y' } }),
      'ImageNotPulled',
      /example\/helper:1 \(InvalidImageName\): x y/,
    ],
    [
      'may not run as root',
      container({
        waiting: {
          reason: 'CreateContainerConfigError',
          message: 'container has runAsNonRoot and image will run as root',
        },
      }),
      'HelperNotStarted',
      /cannot start \(CreateContainerConfigError\): .*run as root/,
    ],
    [
      'ended by itself',
      container({ terminated: { exitCode: 3 } }, false, 'Failed'),
      'HelperEnded',
      /exit code 3/,
    ],
  ])('has failed when it %s', (_, seen, reason, message) => {
    expect(podState(seen)).toMatchObject({
      kind: 'failed',
      reason,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/./),
    });
  });

  const creating = container({ waiting: { reason: 'ContainerCreating' } });
  const taken = (status: Partial<Status> = {}): Pod => ({
    ...creating,
    status: { ...creating.status, startTime: '2026-01-01T00:00:00Z', ...status },
  });
  const sandbox = { conditions: [{ type: 'PodReadyToStartContainers', status: 'True' }] };
  const initial = (state: State) => ({
    initContainerStatuses: [
      { name: 'mesh-init', image: '', imageID: '', ready: false, restartCount: 0, state },
    ],
  });
  type Cause = WaitingPod['cause'];
  it.each<[string, Pod, PodEvent[], Cause, string, RegExp]>([
    [
      'has no node',
      unscheduled('0/2 nodes are available'),
      [],
      'node',
      'NoNode',
      /^waiting for a node: 0\/2 nodes are available$/,
    ],
    [
      'has no node, and no scheduler',
      { ...pod({}), spec: { containers: [] } },
      [],
      'node',
      'NoNode',
      /no scheduler has looked at it yet/,
    ],
    [
      'has a node whose kubelet is away',
      creating,
      [],
      'start',
      'HelperNotReady',
      /the kubelet of node node-a/,
    ],
    [
      'waits for its volume, without a word of the kubelet',
      taken(),
      [],
      'volume',
      'VolumeNotMounted',
      /^waiting for the volume, which is attached to node node-a/,
    ],
    [
      'cannot mount',
      creating,
      [{ reason: 'FailedMount', message: 'no driver' }],
      'volume',
      'VolumeNotMounted',
      /^waiting for the volume on node node-a: no driver$/,
    ],
    [
      'cannot attach',
      taken(),
      [
        { reason: 'Scheduled', message: '' },
        { reason: 'FailedAttachVolume', message: 'Multi-Attach error for volume "pv"' },
      ],
      'volume',
      'VolumeNotMounted',
      /Multi-Attach error/,
    ],
    [
      'has its volume after a mount that failed',
      taken(),
      [
        { reason: 'FailedMount', message: 'no driver' },
        { reason: 'Pulling', message: '' },
      ],
      'image',
      'HelperNotReady',
      /waiting for image example\/helper:1, which node node-a pulls/,
    ],
    [
      'has a sandbox, and no event',
      taken(sandbox),
      [],
      'image',
      'HelperNotReady',
      /waiting for image example\/helper:1/,
    ],
    [
      'has no network',
      taken(),
      [{ reason: 'FailedCreatePodSandBox', message: 'no address left' }],
      'start',
      'HelperNotReady',
      /^waiting for the network of the pod on node node-a: no address left$/,
    ],
    [
      'has an injected container before it',
      taken(initial({ waiting: { reason: 'ImagePullBackOff', message: 'no mesh image' } })),
      [],
      'start',
      'HelperNotReady',
      /container mesh-init, which was injected into the pod: no mesh image/,
    ],
    [
      'runs, and is not ready',
      {
        ...container({ running: {} }),
        status: taken(initial({ terminated: { exitCode: 0 } })).status,
      },
      [{ reason: 'Pulled', message: '' }],
      'start',
      'HelperNotReady',
      /its container on node node-a/,
    ],
    [
      'pulls its image again, after a try that failed',
      container({ waiting: { reason: 'ImagePullBackOff', message: 'dial tcp: i/o timeout' } }),
      [],
      'image',
      'ImageNotPulled',
      /^waiting for image example\/helper:1: dial tcp: i\/o timeout$/,
    ],
    [
      'pulls its image again, because the registry has too many callers',
      container({
        waiting: {
          reason: 'ErrImagePull',
          message: 'toomanyrequests: You have reached your limit',
        },
      }),
      [],
      'image',
      'ImageNotPulled',
      /toomanyrequests/,
    ],
    [
      'cannot be created for a moment',
      container({
        waiting: { reason: 'CreateContainerError', message: 'context deadline exceeded' },
      }),
      [],
      'start',
      'HelperNotStarted',
      /^waiting for the helper pod to start: context deadline exceeded$/,
    ],
  ])('waits while it %s', (_, seen, events, cause, reason, note) => {
    const state = podState(seen, { events });
    expect(state).toMatchObject({ kind: 'waiting', cause, reason });
    expect(state).toMatchObject({
      note: expect.stringMatching(note),
      class: reason === 'HelperNotStarted' ? 'unknown' : 'transient', // another pod may do better
      message: expect.stringMatching(/^helper pod shop\/nkvm-backup-1 /),
    });
    expect(state).not.toHaveProperty('limitMs');
  });

  it('waits only for a moment on a node that is lost: the next attempt runs elsewhere', () => {
    const lost = { name: 'node-a', labels: {}, unschedulable: false, ready: false };
    expect(podState(creating, { nodes: [lost] })).toMatchObject({
      ...{ kind: 'waiting', cause: 'start', limitMs: 20_000 },
      ...{ reason: 'NodeNotReady', class: 'transient' },
      message: 'helper pod shop/nkvm-backup-1 cannot start on node node-a: it is not ready',
    });
    const other = { ...lost, name: 'node-b' };
    expect(podState(creating, { nodes: [other] })).not.toHaveProperty('limitMs');
    expect(podState(creating, { nodes: [{ ...lost, ready: true }] })).not.toHaveProperty('limitMs');
  });

  it.each([
    'docker.io/x: not found',
    'pull access denied, repository does not exist or may require authorization',
    'unexpected status: 403 Forbidden',
    'failed to authorize: 401 Unauthorized',
    'manifest unknown',
  ])('waits for three pulls only where the registry says: %s', message => {
    const seen = container({ waiting: { reason: 'ErrImagePull', message } });
    expect(podState(seen)).toMatchObject({
      ...{ kind: 'waiting', cause: 'image', limitMs: 75_000 },
      ...{ reason: 'ImageNotPulled', class: 'needs-action' },
    });
  });

  it.each<[string, Pod, FailureClass]>([
    [
      'an image name that is none',
      container({ waiting: { reason: 'InvalidImageName' } }),
      'needs-action',
    ],
    ['an eviction', pod({ phase: 'Failed', reason: 'Evicted' }), 'transient'],
    [
      'a memory limit',
      container({ terminated: { exitCode: 137, reason: 'OOMKilled' } }),
      'needs-action',
    ],
    ['a container that ended', container({ terminated: { exitCode: 3 } }), 'transient'],
  ])('says whether another pod may do better: %s', (_, seen, failureClass) => {
    expect(podState(seen)).toMatchObject({ kind: 'failed', class: failureClass });
  });

  it('looks at the helper, whatever a container before it does', () => {
    const seen = container({ running: {} }, true, 'Running');
    const proxy = { ...seen.status!.containerStatuses![0]!, name: 'a-proxy', ready: false };
    seen.status!.containerStatuses!.unshift({ ...proxy, state: { terminated: { exitCode: 1 } } });
    expect(podState(seen)).toEqual({ kind: 'ready', node: 'node-a' });
  });
});
