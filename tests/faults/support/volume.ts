import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { RUN } from '../../cluster/machine/paths.ts';
import { kubectl } from '../../cluster/support/kubectl.ts';
import { NAMESPACE } from './namespace.ts';

/** A claim whose files a test can reach: its volume is a directory of this machine, seen by both nodes. */
export interface FaultVolume {
  readonly namespace: string;
  readonly name: string;
  readonly directory: string;
}

/** How a volume can be used. */
export interface VolumeKind {
  accessMode?: 'ReadWriteMany' | 'ReadWriteOncePod';
  /** The only node that can use it. */
  node?: string;
}

const MiB = 1 << 20;

let made = 0;

/**
 * Makes a bound claim, for the time of one test.
 * @param mib size of the one file `noise` in it, which does not compress; 0: no file.
 * @param kind by default, pods on both nodes can write to it.
 */
export function faultVolume(mib = 1, kind: VolumeKind = {}): FaultVolume {
  const name = `volume-${process.pid}-${++made}`;
  const directory = join(RUN, 'faults', name);
  const here = [`--namespace=${NAMESPACE}`];
  mkdirSync(directory, { recursive: true });
  onTestFinished(() => {
    kubectl(['delete', `pvc/${name}`, ...here, '--ignore-not-found', '--timeout=180s']);
    kubectl(['delete', `pv/${name}`, '--ignore-not-found', '--timeout=180s']);
    rmSync(directory, { recursive: true });
  });
  if (mib > 0) writeFileSync(join(directory, 'noise'), randomBytes(mib * MiB));
  const volume = { namespace: NAMESPACE, name, directory };
  applyIn(NAMESPACE, claimOf(volume, '1Gi', kind));
  kubectl(['wait', '--for=jsonpath={.status.phase}=Bound', `pvc/${name}`, ...here]);
  return volume;
}

/**
 * A claim and the PersistentVolume that it is bound to: a directory of this machine.
 * @param storage a Kubernetes quantity; nothing holds a directory to it.
 */
export function claimOf(
  { namespace, name, directory }: FaultVolume,
  storage: string,
  { accessMode = 'ReadWriteMany', node }: VolumeKind = {}
): [volume: object, claim: object] {
  const same = { accessModes: [accessMode], storageClassName: '' };
  const there = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] };
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      ...same,
      capacity: { storage },
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { namespace, name },
      hostPath: { path: directory, type: 'Directory' },
      ...(node && {
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [there] }] } },
      }),
    },
  };
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: { ...same, volumeName: name, resources: { requests: { storage } } },
  };
  return [volume, claim];
}

/** Creates objects, and their namespace. */
export function applyIn(namespace: string, objects: object[]): void {
  const first = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  const list = { apiVersion: 'v1', kind: 'List', items: [first, ...objects] };
  kubectl(['apply', '--filename=-'], JSON.stringify(list));
}
