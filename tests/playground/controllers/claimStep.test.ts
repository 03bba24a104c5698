import { describe, expect, it } from 'vitest';
import type { Claim, Node, StorageClass, Volume } from '../store/object.ts';
import { claimStep, DRIVER } from './claimStep.ts';
import { SELECTED_NODE } from './scheduling.ts';

const claim = (spec: object = {}, annotations = {}, phase = 'Pending'): Claim =>
  ({
    metadata: { namespace: 'shop', name: 'orders', uid: 'u1', annotations },
    spec: {
      accessModes: ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      resources: { requests: { storage: '1Gi' } },
      ...spec,
    },
    status: { phase },
  } as unknown as Claim);

const volume = (name: string, spec: object = {}, phase = 'Available'): Volume =>
  ({
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce', 'ReadWriteMany'],
      capacity: { storage: '1Gi' },
      volumeMode: 'Filesystem',
      ...spec,
    },
    status: { phase },
  } as unknown as Volume);

const refTo = (name: string, uid?: string) => ({
  claimRef: { namespace: 'shop', name, ...(uid && { uid }) },
});

const storageClass = (name: string, volumeBindingMode: string): StorageClass =>
  ({ metadata: { name }, provisioner: DRIVER, volumeBindingMode } as unknown as StorageClass);
const classes = [storageClass('fast', 'WaitForFirstConsumer'), storageClass('now', 'Immediate')];
const nodes = ['node-a', 'node-b'].map(name => ({ metadata: { name } } as Node));

/** @returns the step in short. */
function step(given: Claim, volumes: Volume[] = []): string {
  const next = claimStep(given, { volumes, classes, nodes });
  switch (next.kind) {
    case 'bind':
      return `bind ${next.volume.metadata.name}`;
    case 'provision':
      return `provision on ${next.node}`;
    case 'say':
      return `say ${next.event.reason}`;
    default:
      return next.kind;
  }
}

describe('a claim', () => {
  it.each<[string, Claim, Volume[], string]>([
    ['of no class, without a volume', claim({ storageClassName: '' }), [], 'say FailedBinding'],
    ['of an unknown class', claim({ storageClassName: 'x' }), [], 'say ProvisioningFailed'],
    ['that waits for a pod', claim({ storageClassName: 'fast' }), [], 'say WaitForFirstConsumer'],
    [
      'whose node was selected',
      claim({ storageClassName: 'fast' }, { [SELECTED_NODE]: 'node-b' }),
      [],
      'provision on node-b',
    ],
    ['that need not wait', claim({ storageClassName: 'now' }), [], 'provision on node-a'],
    [
      'with a source that nobody knows',
      claim({ storageClassName: 'now', dataSourceRef: { kind: 'X', name: 'x' } }),
      [],
      'say Provisioning',
    ],
    [
      'that a volume names, though its source is not known',
      claim({ storageClassName: 'now', dataSourceRef: { kind: 'X', name: 'x' } }),
      [volume('v', { ...refTo('orders', 'u1'), storageClassName: 'now' }, 'Bound')],
      'bind v',
    ],
    ['that a volume names by name alone', claim({}), [volume('v', refTo('orders'))], 'bind v'],
    [
      'whose namesake had the volume',
      claim({}),
      [volume('v', refTo('orders', 'u0'), 'Released')],
      'say FailedBinding',
    ],
    [
      'for which there are several volumes',
      claim({}),
      [
        volume('small', { capacity: { storage: '1Mi' } }),
        volume('big', { capacity: { storage: '9Gi' } }),
        volume('right', { capacity: { storage: '2Gi' } }),
        volume('taken', refTo('other')),
        volume('other-class', { storageClassName: 'x' }),
        volume('block', { volumeMode: 'Block' }),
      ],
      'bind right',
    ],
    [
      'that wants more pods than the volume takes',
      claim({ accessModes: ['ReadWriteOncePod'] }),
      [volume('v')],
      'say FailedBinding',
    ],
    ['that names a volume that is not there', claim({ volumeName: 'v' }), [], 'nothing'],
    [
      'that is bound',
      claim({ volumeName: 'v' }, {}, 'Bound'),
      [volume('v', refTo('orders', 'u1'), 'Bound')],
      'nothing',
    ],
    [
      'whose volume was handed to another claim',
      claim({ volumeName: 'v' }, {}, 'Bound'),
      [volume('v', refTo('target', 'u2'), 'Bound')],
      'lose',
    ],
    ['whose volume is gone', claim({ volumeName: 'v' }, {}, 'Bound'), [], 'lose'],
  ])('%s', (_, given, volumes, expected) => expect(step(given, volumes)).toBe(expected));
});
