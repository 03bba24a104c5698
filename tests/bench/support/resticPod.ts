import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { kubeconfigPath, kubectl } from '../../cluster/support/kubectl.ts';
import { IMAGE } from '../../cluster/support/verify-pod.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { NAMESPACE } from './volumes.ts';

const POD = 'restic';
const here = `--namespace=${NAMESPACE}`;

/**
 * Runs a script in a pod that has the volume at /data, as VolSync and K8up run restic: a pod for each run.
 * @param timed gets all of it but the deletion of the pod
 * @param cache claim in which restic keeps its cache between two runs
 */
export async function inResticPod(
  claim: string,
  env: Record<string, string>,
  script: string,
  timed: (work: () => Promise<void>) => Promise<void>,
  cache = `${claim}-cache`
): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: POD, namespace: NAMESPACE },
    spec: {
      terminationGracePeriodSeconds: 0,
      restartPolicy: 'Never',
      securityContext: { runAsUser: 0 },
      containers: [
        {
          name: 'main',
          image: IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', 'infinity'],
          env: Object.entries({ ...env, HOME: '/tmp' }).map(([name, value]) => ({ name, value })),
          volumeMounts: [
            { name: 'data', mountPath: '/data' },
            { name: 'cache', mountPath: '/cache' },
          ],
        },
      ],
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: claim } },
        // Between two runs, VolSync keeps the cache in a claim of its own.
        { name: 'cache', persistentVolumeClaim: { claimName: cache } },
      ],
    },
  };
  try {
    await timed(async () => {
      kubectl(['create', '--filename=-'], JSON.stringify(pod));
      kubectl(['wait', '--for=condition=Ready', `pod/${POD}`, here, '--timeout=120s']);
      await runKubectl(['exec', POD, here, '--', 'sh', '-ec', script]);
    });
  } finally {
    kubectl(['delete', 'pod', POD, here, '--wait=true', '--grace-period=0', '--force']);
  }
}

/** Not synchronous: meanwhile the size of the pod is looked at. */
async function runKubectl(args: string[]): Promise<void> {
  const child = spawn('kubectl', [`--kubeconfig=${kubeconfigPath()}`, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${status}`);
}

/** What restic needs to find its repository. */
export const resticEnvironment = (server: S3Server, bucket: string): Record<string, string> => ({
  RESTIC_REPOSITORY: `s3:${server.endpoint}/${bucket}/restic`,
  RESTIC_PASSWORD: 'of the bench',
  RESTIC_CACHE_DIR: '/cache',
  AWS_ACCESS_KEY_ID: server.accessKeyId,
  AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
});
