import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubectl } from './kubectl.ts';
import { IMAGE } from './verify-pod.ts';

const LISTING = readFileSync(join(import.meta.dirname, 'tree-listing.sh'), 'utf8');

/** Small files of many kinds, and noise of so many MiB. */
const script = (claim: string, mebibytes: number): string => `
  cd /${claim}
  mkdir -p deep/er 'with spaces'
  echo '${claim}' > name.txt
  seq 1 20000 > deep/er/numbers
  head -c ${mebibytes * 1024 * 1024} /dev/urandom > noise
  ln -s ../name.txt deep/link && ln name.txt deep/hard
  printf 'grün' > 'with spaces/größe' && chmod 0640 'with spaces/größe' && chown 1000:2000 noise
  truncate -s 1M holes && setfattr -n user.note -v kept name.txt
`;

/**
 * Makes claims, and fills them from one pod, which stays.
 * @param mebibytes how much noise a claim has; 2 where it is not said
 * @returns the listing of a claim, to compare; see tree-listing.sh
 */
export function fillClaims(
  namespace: string,
  claims: readonly string[],
  mebibytes: Record<string, number> = {}
): (claim: string) => string {
  const objects = claims.map(name => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }));
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'filler', namespace },
    spec: {
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsUser: 0 },
      containers: [
        {
          name: 'main',
          image: IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', 'infinity'],
          volumeMounts: claims.map(name => ({ name, mountPath: `/${name}` })),
        },
      ],
      volumes: claims.map(name => ({ name, persistentVolumeClaim: { claimName: name } })),
    },
  };
  const items = [...objects, pod];
  kubectl(['create', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const here = `--namespace=${namespace}`;
  kubectl(['wait', '--for=condition=Ready', 'pod/filler', here, '--timeout=400s']);
  const sh = (args: string[], input: string): string =>
    kubectl(['exec', '-i', 'filler', here, '--', 'sh', ...args], input);
  sh(['-e', '-s'], claims.map(name => `( ${script(name, mebibytes[name] ?? 2)} )`).join('\n'));
  return claim => sh(['-s', `/${claim}`], LISTING);
}
