import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getJson, kubectl } from './support/kubectl.ts';
import { until } from './support/until.ts';

const GUARD = join(import.meta.dirname, '../../deploy/k8s/zero-touch-guard');
const NAMESPACE = 'guard-test';

const create = (name: string, spec: object, notes = {}, labels: object = { backup: 'hourly' }) =>
  kubectl(
    ['create', '-f', '-'],
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace: NAMESPACE, labels, annotations: notes },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        ...spec,
      },
    })
  );
const phaseOf = (name: string) =>
  getJson<{ status: { phase: string } }>('pvc', name, '-n', NAMESPACE).status.phase;

beforeAll(async () => {
  kubectl(['apply', '-k', GUARD]);
  kubectl(['create', 'namespace', NAMESPACE]);
  kubectl(['label', 'namespace', NAMESPACE, 'nkvm.io/guard=on']);
  const refusal = () => {
    try {
      create('probe', { volumeName: 'pv-1', storageClassName: '' });
      kubectl(['delete', 'pvc', 'probe', '-n', NAMESPACE]);
      return false;
    } catch (error) {
      return String(error).includes('nkvm-guard');
    }
  };
  await until('the guard is in force', () => refusal() || undefined, 30_000);
});

afterAll(() => {
  kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  kubectl(['delete', '-k', GUARD]);
});

it.each<[string, object]>([
  ['names-a-volume', { volumeName: 'pv-1', storageClassName: '' }],
  ['selects-one', { selector: { matchLabels: { a: 'b' } }, storageClassName: 'immediate' }],
  ['has-no-class', { storageClassName: '' }],
  ['is-a-block-device', { volumeMode: 'Block', storageClassName: 'immediate' }],
])('refuses a labelled claim that cannot be restored: %s', (name, spec) => {
  expect(() => create(name, spec)).toThrow(/would not be restored/);
  create(`${name}-off`, spec, {}, { backup: 'off' });
});

it('keeps a claim Pending whose volume NKVM has not filled', async () => {
  const spec = { storageClassName: 'immediate' };
  create('ignored', spec); // as by a provisioner that ignores dataSourceRef: it provisions a volume
  create('accepted', spec, { 'nkvm.io/start': 'empty' });
  create('copied', spec, {
    'nkvm.io/restored-from': 'a',
    'nkvm.io/filled-for': 'of-the-claim-before',
  });
  create('restored', spec);
  const uid = getJson<{ metadata: { uid: string } }>('pvc', 'restored', '-n', NAMESPACE).metadata
    .uid;
  kubectl([
    'annotate',
    'pvc',
    'restored',
    '-n',
    NAMESPACE,
    'nkvm.io/restored-from=a',
    `nkvm.io/filled-for=${uid}`,
  ]);
  create('unlabelled', spec, {}, {});
  for (const name of ['accepted', 'restored', 'unlabelled']) {
    await until(`${name} is bound`, () => phaseOf(name) === 'Bound' || undefined, 30_000);
  }
  await until(
    'the other one has a volume, too',
    () =>
      getJson<{ items: { spec: { claimRef?: { name: string; namespace: string } } }[] }>(
        'pv'
      ).items.some(
        ({ spec: { claimRef } }) => claimRef?.name === 'ignored' && claimRef.namespace === NAMESPACE
      ) || undefined,
    30_000
  );
  expect(phaseOf('ignored')).toBe('Pending');
  expect(phaseOf('copied')).toBe('Pending');
});
