import { describe, expect, it } from 'vitest';
import type { RestoreTarget } from '../../../api/index.ts';
import { exampleManifest } from '../../testing/archive/exampleManifest.ts';
import type { ClaimWish } from './newClaim.ts';
import { claimWish, quantityOf } from './newClaim.ts';

const target: RestoreTarget = { namespace: 'shop', name: 'restored', mode: 'new' };
const old = exampleManifest({
  capacityBytes: 2 ** 30,
  claim: {
    labels: { app: 'orders' },
    annotations: {
      note: 'kept',
      'pv.kubernetes.io/bind-completed': 'yes',
      'volume.kubernetes.io/selected-node': 'node-a',
      'volume.beta.kubernetes.io/storage-provisioner': 'csi',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      'volume.kubernetes.io/storage-resizer': 'csi',
      'control-plane.alpha.kubernetes.io/leader': '{}',
      'snapshot.storage.kubernetes.io/is-being-used-as-a-source': 'yes',
      'k8s.io/CloneOf': 'true',
      'cdi.kubevirt.io/storage.import.endpoint': 'https://images.example.com/disk.img',
      'argocd.argoproj.io/tracking-id': 'shop:/PersistentVolumeClaim:shop/orders-db',
      'kustomize.toolkit.fluxcd.io/prune': 'disabled',
      'meta.helm.sh/release-name': 'orders',
      'example.com/kubernetes.io': 'kept',
      'nkvm.io/restoring': '01a',
      'nkvm.io/hook': 'kept, too',
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      storageClassName: 'fast',
      resources: { requests: { storage: '1Gi' } },
      volumeName: 'pv-1',
      dataSource: { kind: 'VolumeSnapshot', name: 's' },
    },
    status: { phase: 'Bound', capacity: { storage: '1Gi' } },
  },
});
const asBefore: ClaimWish = {
  size: '1Gi',
  storageClass: 'fast',
  accessModes: ['ReadWriteMany'],
  labels: { app: 'orders' },
  annotations: { note: 'kept', 'example.com/kubernetes.io': 'kept', 'nkvm.io/hook': 'kept, too' },
};

describe('the claim of a restore', () => {
  it.each<[string, Partial<RestoreTarget>, Partial<typeof old>, Partial<ClaimWish>]>([
    ['is as the old one was', {}, {}, {}],
    [
      'is as the request says',
      { size: '5Gi', storageClass: 'slow', accessModes: ['ReadWriteOnce'], labels: {} },
      {},
      { size: '5Gi', storageClass: 'slow', accessModes: ['ReadWriteOnce'], labels: {} },
    ],
    [
      'is as big as the volume was, not as the old claim asked for',
      {},
      { capacityBytes: 100 * 2 ** 30 },
      { size: '100Gi' },
    ],
    [
      'is as big as the old claim asked for where the volume is smaller (it was about to grow)',
      {},
      { capacityBytes: 2 ** 29 },
      { size: '1Gi' },
    ],
  ])('%s', (_, asked, manifest, expected) =>
    expect(claimWish({ ...target, ...asked }, { ...old, ...manifest })).toEqual({
      ...asBefore,
      ...expected,
    })
  );

  it('has no size where nothing says how big it was', () => {
    expect(claimWish(target, undefined)).toEqual({
      size: null,
      storageClass: undefined,
      accessModes: ['ReadWriteOnce'],
      labels: {},
      annotations: {},
    });
  });

  it.each([
    [2 ** 40, '1Ti'],
    [10 * 2 ** 30, '10Gi'],
    [1.5 * 2 ** 30, '1536Mi'],
    [1000, '1000'],
  ])('%d bytes are %s', (bytes, text) => expect(quantityOf(bytes)).toBe(text));
});
