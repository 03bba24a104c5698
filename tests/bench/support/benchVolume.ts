import { join } from 'node:path';
import { nodeDirectory, NODES } from '../../cluster/machine/paths.ts';
import { deploy } from '../../cluster/support/deploy.ts';
import { getJson, kubectl } from '../../cluster/support/kubectl.ts';
import { IMAGE } from '../../cluster/support/verify-pod.ts';
import { HOLDER, NAMESPACE } from './volumes.ts';

/** A volume of the test cluster, and its directory on this machine. */
export interface BenchVolume {
  directory: string;
}

interface VolumeObject {
  spec: {
    csi?: { volumeHandle: string };
    nodeAffinity: {
      required: { nodeSelectorTerms: { matchExpressions: { values: string[] }[] }[] };
    };
  };
}

/**
 * Makes claims on one node, held by a pod, in a namespace that is deleted after the bench. Installs the product, whose rights
 * the sidecar of the bench has.
 * @returns the first of them
 */
export function makeBenchVolume(names: readonly string[]): BenchVolume {
  deploy();
  kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=true']);
  const claims = names.map(name => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: NAMESPACE },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } },
  }));
  const holder = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: HOLDER, namespace: NAMESPACE },
    spec: {
      terminationGracePeriodSeconds: 0,
      nodeSelector: { 'kubernetes.io/hostname': NODES.at(-1)?.name },
      securityContext: { runAsUser: 0 },
      containers: [
        {
          name: 'main',
          image: IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', 'infinity'],
          volumeMounts: [
            ...names.map((name, at) => ({ name, mountPath: `/data/${at}` })),
            { name: 'room', mountPath: '/room' },
          ],
        },
      ],
      volumes: [
        ...names.map(name => ({ name, persistentVolumeClaim: { claimName: name } })),
        { name: 'room', emptyDir: {} },
      ],
    },
  };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  const items = [namespace, ...claims, holder];
  kubectl(['apply', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  kubectl(['wait', '--for=condition=Ready', `pod/${HOLDER}`, `-n${NAMESPACE}`, '--timeout=120s']);
  const claim = getJson<{ spec: { volumeName: string } }>(
    ...['pvc', names[0] ?? '', `--namespace=${NAMESPACE}`]
  );
  const { spec } = getJson<VolumeObject>('pv', claim.spec.volumeName);
  const [where] =
    spec.nodeAffinity.required.nodeSelectorTerms[0]?.matchExpressions[0]?.values ?? [];
  const node = NODES.find(({ name }) => name === where);
  if (!node || !spec.csi) throw new Error('this bench needs the cluster of npm run cluster:up');
  return { directory: join(nodeDirectory(node), 'volumes', spec.csi.volumeHandle) };
}
