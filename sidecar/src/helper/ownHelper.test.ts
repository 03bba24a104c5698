import { expect, it } from 'vitest';
import { ownHelpers } from './ownHelper.ts';

const RUN = '01jd';
const labels = {
  'app.kubernetes.io/name': 'nkvm',
  'app.kubernetes.io/component': 'backup-helper',
  'nkvm.io/installation': 'ours',
  'nkvm.io/run': RUN,
};
const helper = { namespace: 'shop', name: `nkvm-backup-${RUN}-1`, labels };
const runs: Record<string, { namespace: string; status: string }> = {
  [RUN]: { namespace: 'shop', status: 'running' },
  waits: { namespace: 'shop', status: 'queued' },
  ended: { namespace: 'shop', status: 'success' },
};
const isOurs = ownHelpers('ours', id => runs[id]);

it.each<[string, typeof helper, boolean]>([
  ['of a run under way', helper, true],
  [
    'of a run that waits for its next attempt',
    { ...helper, name: 'nkvm-backup-waits-1', labels: { ...labels, 'nkvm.io/run': 'waits' } },
    true,
  ],
  [
    'that stays after its run has ended',
    { ...helper, name: 'nkvm-backup-ended-1', labels: { ...labels, 'nkvm.io/run': 'ended' } },
    false,
  ],
  ['with copied labels in another namespace', { ...helper, namespace: 'office' }, false],
  ['with copied labels and another name', { ...helper, name: `orders-${RUN}` }, false],
  [
    'of a run that does not exist',
    { ...helper, name: 'nkvm-backup-x-1', labels: { ...labels, 'nkvm.io/run': 'x' } },
    false,
  ],
  [
    'of another installation',
    { ...helper, labels: { ...labels, 'nkvm.io/installation': 'b' } },
    false,
  ],
  [
    'that only has the component label',
    { ...helper, labels: { ...labels, 'nkvm.io/run': '' } },
    false,
  ],
])('a pod %s: %#', (_, pod, expected) => expect(isOurs(pod)).toBe(expected));
