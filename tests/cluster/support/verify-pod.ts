import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubectl } from './kubectl.ts';

const LISTING = readFileSync(join(import.meta.dirname, 'tree-listing.sh'), 'utf8');
export const IMAGE = 'docker.io/nkvm/nkvm:dev';

/** A pod of a person who restores by hand: the volume is at /volume, an empty directory at /restored. */
export interface VerifyPod {
  sh(script: string, input?: string | Buffer): string;
  /** @returns the listing of a directory, to compare; see tree-listing.sh. */
  listing(directory: string): string;
  remove(): void;
}

/** Starts the pod as root beside the volume, and waits until it runs. */
export function verifyPod(namespace: string, claimName: string): VerifyPod {
  const name = `verify-${claimName}`;
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsUser: 0 },
      containers: [
        {
          name: 'main',
          image: IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', 'infinity'],
          volumeMounts: [
            { name: 'volume', mountPath: '/volume', readOnly: true },
            { name: 'restored', mountPath: '/restored' },
          ],
        },
      ],
      volumes: [
        { name: 'volume', persistentVolumeClaim: { claimName } },
        { name: 'restored', emptyDir: {} },
      ],
    },
  };
  const here = [`--namespace=${namespace}`];
  const remove = () =>
    void kubectl(['delete', 'pod', name, ...here, '--ignore-not-found', '--wait=true']);
  remove();
  kubectl(['create', '--filename=-'], JSON.stringify(pod));
  kubectl(['wait', '--for=condition=Ready', `pod/${name}`, ...here, '--timeout=180s']);
  const sh = (script: string, input?: string | Buffer): string =>
    kubectl(['exec', '-i', name, ...here, '--', 'sh', '-c', script], input);
  return {
    sh,
    listing: directory =>
      kubectl(['exec', '-i', name, ...here, '--', 'sh', '-s', directory], LISTING),
    remove,
  };
}
