import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubectl } from './kubectl.ts';

const LISTING = readFileSync(join(import.meta.dirname, 'tree-listing.sh'), 'utf8');

/**
 * @returns a StatefulSet with a labelled claim for each replica, as a person keeps it: it says nothing about restores. The pods
 * write once, and never into a volume that has data.
 * @param name of the StatefulSet; its claims are `data-NAME-0`, `data-NAME-1`, …
 */
export const labelledApp = (
  namespace: string,
  storageClass: string,
  { name = 'db', replicas = 2 }: { name?: string; replicas?: number } = {}
): string => `
apiVersion: v1
kind: Namespace
metadata: {name: ${namespace}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: nkvm-runtime, namespace: ${namespace}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: nkvm-runtime}
subjects: [{kind: ServiceAccount, name: nkvm-runner, namespace: nkvm}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  replicas: ${replicas}
  podManagementPolicy: Parallel
  serviceName: ${name}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      terminationGracePeriodSeconds: 0
      securityContext: {runAsUser: 0}
      containers:
      - name: main
        image: docker.io/nkvm/nkvm:dev
        imagePullPolicy: IfNotPresent
        command: [sh, -ec]
        args:
        - |
          cd /data
          if [ ! -e first-start ]; then
            mkdir -p deep/er; seq 1 20000 > deep/er/numbers; head -c 3000000 /dev/urandom > noise
            ln -s ../noise deep/link; ln noise hard; chown 1000:2000 noise; touch -d 2020-01-01 .
            truncate -s 1M holes; echo "$HOSTNAME $(date +%s%N)" > first-start
          fi
          exec sleep infinity
        readinessProbe: {exec: {command: [test, -e, /data/first-start]}, periodSeconds: 1}
        volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
  - metadata: {name: data, labels: {backup: hourly}}
    spec:
      accessModes: [ReadWriteOnce]
      storageClassName: ${storageClass}
      resources: {requests: {storage: 1Gi}}
---
`;

/** @returns the listing of the volume of a pod, to compare; see tree-listing.sh. */
export const listingOf = (namespace: string, pod: string): string =>
  kubectl(['exec', '-i', pod, `--namespace=${namespace}`, '--', 'sh', '-s', '/data'], LISTING);
