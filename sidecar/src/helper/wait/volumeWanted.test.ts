import { expect, it, vi } from 'vitest';
import type { Claim, ClaimPod } from '../../cluster/inventory/inventory.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { podThatWants, volumeWanted, watchWanted } from './volumeWanted.ts';

const pod = (name: string, phase: string, node: string | null, more: Partial<ClaimPod> = {}) => ({
  ...{ name, phase, node },
  ...more,
});
const starting = pod('new', 'Pending', 'b');
const once = testClaim({ accessModes: ['ReadWriteOnce'], pods: [starting] });
const oncePod: Partial<Claim> = { accessModes: ['ReadWriteOncePod'] };
const isTerminating = { terminating: true } as const;

it.each<[string, Partial<Claim>, string | null, string | undefined]>([
  ['a pod that starts on another node', {}, 'a', 'new'],
  ['a pod that starts on the same node', {}, 'b', undefined],
  ['a pod that starts, and the helper has no node yet', {}, null, undefined],
  ['a pod that waits for room on a node', { pods: [pod('new', 'Pending', null)] }, 'a', undefined],
  [
    'a pod that runs elsewhere without attaching',
    { pods: [pod('new', 'Running', 'b')] },
    'a',
    undefined,
  ],
  [
    'a pod that has its volumes, and waits for its image',
    { pods: [pod('new', 'Pending', 'b', { hasVolumes: true })] },
    'a',
    undefined,
  ],
  [
    'a pod that is being deleted before it started',
    { pods: [pod('new', 'Pending', 'b', isTerminating)] },
    'a',
    undefined,
  ],
  [
    'a pod that starts, while another has the volume on the node of the helper',
    { pods: [pod('old', 'Running', 'a', isTerminating), starting] },
    'a',
    undefined,
  ],
  ['a pod that finished', { pods: [pod('new', 'Succeeded', 'b')] }, 'a', undefined],
  ['a volume for many nodes', { accessModes: ['ReadWriteOnce', 'ReadWriteMany'] }, 'a', undefined],
  [
    'ReadWriteOncePod: a pod that the scheduler keeps waiting',
    { ...oncePod, pods: [pod('new', 'Pending', null, { wantsOnly: true })] },
    'a',
    'new',
  ],
  ['ReadWriteOncePod: a pod on the same node', oncePod, 'b', 'new'],
  [
    'ReadWriteOncePod: a pod that runs',
    { ...oncePod, pods: [pod('new', 'Running', 'b')] },
    null,
    'new',
  ],
  [
    'ReadWriteOncePod: a pod that waits for room',
    { ...oncePod, pods: [pod('new', 'Pending', null)] },
    'a',
    undefined,
  ],
])('%s', (_, change, node, expected) => {
  expect(podThatWants({ ...once, ...change }, node)?.name).toBe(expected);
});

it('names the claim, and leaves the name of the pod to the Event', () => {
  const wanted = volumeWanted('copy', once, 'secret-pod');
  expect(wanted).toMatchObject({
    ...{ stage: 'copy', reason: 'VolumeWanted', class: 'transient', pod: 'secret-pod' },
    message:
      'claim shop/orders-db is needed by a pod that is starting on another node: the application comes first',
  });
  expect(wanted.message + wanted.hint).not.toContain('secret-pod');
});

it('says once that the volume is wanted', () => {
  vi.useFakeTimers();
  const onWanted = vi.fn();
  const cluster: { pod?: string } = {};
  const stop = watchWanted(() => cluster.pod, onWanted);
  vi.advanceTimersByTime(5_000);
  cluster.pod = 'new';
  vi.advanceTimersByTime(5_000);
  stop();
  vi.useRealTimers();
  expect(onWanted.mock.calls).toEqual([['new']]);
});
