import { kubectl } from '../../cluster/support/kubectl.ts';
import { IMAGE } from '../../cluster/support/verify-pod.ts';

/** A namespace of its own: it is deleted when a bench has ended. */
export const NAMESPACE = 'bench';

/** The pod that mounts the volumes: that of `names[0]` at `/data/0`, and so on. */
export const HOLDER = 'holder';

/** Makes claims with about as much text as noise, and one pod that holds them all. */
export function makeVolumes(names: readonly string[], gigabytes: number): void {
  const claims = names.map(name => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: `${Math.ceil(gigabytes * 2)}Gi` } },
    },
  }));
  const holder = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: HOLDER, namespace: NAMESPACE },
    spec: {
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsUser: 0 },
      containers: [
        {
          name: 'main',
          image: IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', 'infinity'],
          volumeMounts: names.map((name, at) => ({ name, mountPath: `/data/${at}` })),
        },
      ],
      volumes: names.map(name => ({ name, persistentVolumeClaim: { claimName: name } })),
    },
  };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  const items = [namespace, ...claims, holder];
  kubectl(['apply', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  kubectl(['wait', '--for=condition=Ready', `pod/${HOLDER}`, `-n${NAMESPACE}`, '--timeout=120s']);
  const fill = `for i in $(seq ${Math.round(gigabytes * 10)}); do
    head -c 50M /dev/urandom > /data/0/noise-$i; seq 7000000 | head -c 50M > /data/0/text-$i; done
    for d in /data/*; do [ $d = /data/0 ] || cp /data/0/* $d/; done; sync`;
  kubectl(['exec', `-n${NAMESPACE}`, HOLDER, '--', 'sh', '-c', fill]);
}

export const removeVolumes = (): void =>
  void kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
