import { expect, it } from 'vitest';
import { review } from './review.ts';

const claim = (spec: object = {}, metadata: object = {}) => ({
  metadata: { name: 'orders-db', namespace: 'shop', ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', ...spec },
});
const asked = (object: object, operation = 'CREATE') => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: 'r1', operation, object },
});

it.each<[string, object, boolean]>([
  ['a claim without a source', claim(), true],
  ['one of a class', claim({ storageClassName: 'fast' }), true],
  ['empty owners and annotations', claim({}, { ownerReferences: [], annotations: {} }), true],
  ['owned by something else', claim({}, { ownerReferences: [{ kind: 'StatefulSet' }] }), true],
  ['a snapshot as its source', claim({ dataSource: { kind: 'VolumeSnapshot' } }), false],
  ['a source of any kind', claim({ dataSourceRef: { kind: 'Other' } }), false],
  ['a volume by name', claim({ volumeName: 'pv-1' }), false],
  ['a selector', claim({ selector: {} }), false],
  ['no class', claim({ storageClassName: '' }), false],
  ['a raw block device', claim({ volumeMode: 'Block' }), false],
  ['a volume of a pod', claim({}, { ownerReferences: [{ kind: 'Pod' }] }), false],
  ['one that NKVM makes', claim({}, { annotations: { 'nkvm.io/restoring': 'x' } }), false],
  ['no name yet', claim({}, { name: undefined, generateName: 'data-' }), false],
])('adds the source to a claim, or not: %s', (_, object, isChanged) => {
  const { response } = review(asked(object));
  expect(response).toMatchObject({ uid: 'r1', allowed: true });
  const patch = response.patch && JSON.parse(Buffer.from(response.patch, 'base64').toString());
  expect(patch).toEqual(
    isChanged
      ? [
          {
            op: 'add',
            path: '/spec/dataSourceRef',
            value: { apiGroup: 'nkvm.io', kind: 'BackupRestore', name: 'orders-db' },
          },
        ]
      : undefined
  );
});

it('leaves a change of a claim alone', () => {
  expect(review(asked(claim(), 'UPDATE')).response).toEqual({ uid: 'r1', allowed: true });
});

it('answers nothing that is not a review of a claim', () => {
  expect(() => review({})).toThrow();
  expect(() => review({ ...asked(claim()), apiVersion: 'admission.k8s.io/v1beta1' })).toThrow();
});
