import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { RUN } from '../../cluster/machine/paths.ts';
import { kubectl } from '../../cluster/support/kubectl.ts';

const NAMESPACE = 'faults-many';
const KIB = 1024;

/** Makes many bound claims of one small directory, in a namespace of their own, for the time of one test. */
export function manyClaims(count: number): { namespace: string; name: string }[] {
  const path = join(RUN, 'faults', NAMESPACE);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'noise'), randomBytes(100 * KIB));
  const names = Array.from({ length: count }, (_, index) => `many-${process.pid}-${index}`);
  onTestFinished(() => {
    kubectl(['delete', `namespace/${NAMESPACE}`, '--ignore-not-found', '--timeout=120s']);
    kubectl(['delete', 'pv', ...names, '--ignore-not-found', '--timeout=60s']);
    rmSync(path, { recursive: true });
  });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  const items = [namespace, ...names.flatMap(name => volumeAndClaim(name, path))];
  kubectl(['apply', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const bound = ['--for=jsonpath={.status.phase}=Bound', '--timeout=60s'];
  kubectl(['wait', 'pvc', '--all', `--namespace=${NAMESPACE}`, ...bound]);
  return names.map(name => ({ namespace: NAMESPACE, name }));
}

function volumeAndClaim(name: string, path: string): object[] {
  const same = { accessModes: ['ReadWriteMany'], storageClassName: '' };
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      ...same,
      capacity: { storage: '1Mi' },
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { namespace: NAMESPACE, name },
      hostPath: { path, type: 'Directory' },
    },
  };
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: NAMESPACE },
    spec: { ...same, volumeName: name, resources: { requests: { storage: '1Mi' } } },
  };
  return [volume, claim];
}
