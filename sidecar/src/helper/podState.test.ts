import { describe, expect, it } from 'vitest';
import type { Pod } from '../cluster/pods.ts';
import type { FailureClass } from '../errors.ts';
import { podState } from './podState.ts';

type Status = NonNullable<Pod['status']>;
type State = NonNullable<NonNullable<Status['containerStatuses']>[number]['state']>;

const pod = (status: Status, deletionTimestamp?: string): Pod => ({
  metadata: { namespace: 'shop', name: 'nkvm-backup-1', deletionTimestamp },
  spec: { nodeName: 'node-a', containers: [{ name: 'helper', image: 'example/helper:1' }] },
  status,
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
      'has an image that cannot be pulled',
      container({ waiting: { reason: 'ImagePullBackOff', message: 'not found' } }),
      'ImageNotPulled',
      /example\/helper:1 \(ImagePullBackOff\): not found/,
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

  it.each<[string, Pod, Parameters<typeof podState>[1], string, RegExp]>([
    [
      'has no node',
      pod({
        phase: 'Pending',
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/2 nodes' },
        ],
      }),
      [],
      'NoNode',
      /found no node: 0\/2 nodes/,
    ],
    [
      'cannot mount',
      container({ waiting: { reason: 'ContainerCreating' } }),
      [{ reason: 'FailedMount', message: 'no driver' }],
      'VolumeNotMounted',
      /no driver/,
    ],
    [
      'pulls its image again, after a try that failed',
      container({ waiting: { reason: 'ImagePullBackOff', message: 'dial tcp: i/o timeout' } }),
      [],
      'ImageNotPulled',
      /ImagePullBackOff.*timeout/,
    ],
    ['was just made', pod({}), [], 'HelperNotReady', /no status yet/],
  ])('waits while it %s', (_, seen, events, reason, message) => {
    expect(podState(seen, events)).toMatchObject({
      kind: 'waiting',
      reason,
      message: expect.stringMatching(message),
      class: 'transient', // another pod may do better
    });
  });

  it.each<[string, Pod, FailureClass]>([
    [
      'an image that does not exist',
      container({ waiting: { reason: 'ErrImagePull', message: 'x: not found' } }),
      'needs-action',
    ],
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
    [
      'a container that cannot be created',
      container({ waiting: { reason: 'CreateContainerError' } }),
      'unknown',
    ],
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
