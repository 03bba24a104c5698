import type { Kubectl } from './kubectl.ts';
import { IMAGE } from './verify-pod.ts';

interface InVolume {
  namespace: string;
  claim: string;
}

/** Runs a script in a claim, as the application would, and lets the claim go. @returns what the script wrote. */
export function runInVolume(
  kubectl: Kubectl,
  { namespace, claim: claimName }: InVolume,
  script: string
): string {
  const name = `in-${claimName}`;
  const here = `--namespace=${namespace}`;
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'main',
          image: IMAGE,
          imagePullPolicy: 'IfNotPresent',
          securityContext: { runAsUser: 0 },
          command: ['sh', '-c', `cd /data && ${script}`],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    },
  };
  kubectl(['create', '--filename=-'], JSON.stringify(pod));
  try {
    kubectl([
      ...['wait', '--for=jsonpath={.status.phase}=Succeeded'],
      ...[`pod/${name}`, here, '--timeout=180s'],
    ]);
    return kubectl(['logs', name, here]);
  } finally {
    kubectl(['delete', 'pod', name, here, '--wait=true']);
  }
}
