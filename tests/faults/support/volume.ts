import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { RUN } from '../../cluster/machine/paths.ts';
import { kubectl } from '../../cluster/support/kubectl.ts';

/** A claim whose files a test can reach: its volume is a directory of this machine, seen by both nodes. */
export interface FaultVolume {
  readonly namespace: string;
  readonly name: string;
  readonly directory: string;
}

/** Open for backups by a sidecar beside the cluster, as every namespace is for an administrator. */
export const NAMESPACE = 'faults';
const MiB = 1 << 20;

let made = 0;

/**
 * Makes a bound claim, for the time of one test.
 * @param mib size of the one file `noise` in it, which does not compress; 0: no file.
 */
export function faultVolume(mib = 1): FaultVolume {
  const name = `volume-${process.pid}-${++made}`;
  const directory = join(RUN, 'faults', name);
  const here = [`--namespace=${NAMESPACE}`];
  mkdirSync(directory, { recursive: true });
  onTestFinished(() => {
    kubectl(['delete', `pvc/${name}`, ...here, '--ignore-not-found', '--timeout=60s']);
    kubectl(['delete', `pv/${name}`, '--ignore-not-found', '--timeout=60s']);
    rmSync(directory, { recursive: true });
  });
  if (mib > 0) writeFileSync(join(directory, 'noise'), randomBytes(mib * MiB));
  kubectl(['apply', '--filename=-'], JSON.stringify(objects(name, directory)));
  kubectl(['wait', '--for=jsonpath={.status.phase}=Bound', `pvc/${name}`, ...here]);
  return { namespace: NAMESPACE, name, directory };
}

const objects = (name: string, path: string): object => {
  const same = {
    accessModes: ['ReadWriteMany'],
    storageClassName: '',
  };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      ...same,
      capacity: { storage: '1Gi' },
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { namespace: NAMESPACE, name },
      hostPath: { path, type: 'Directory' },
    },
  };
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: NAMESPACE },
    spec: { ...same, volumeName: name, resources: { requests: { storage: '1Gi' } } },
  };
  return { apiVersion: 'v1', kind: 'List', items: [namespace, volume, claim] };
};
