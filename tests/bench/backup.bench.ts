/**
 * One volume of 2 GB on a real cluster: a backup through the product, and `kubectl exec … tar` into a file, in turn.
 * usage: node tests/bench/backup.bench.ts [GIGABYTES]
 * Needs the test cluster with its fixture (npm run cluster:up, npm run image -- --import), or KUBECONFIG.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from '../cluster/support/backups.ts';
import { backUp } from '../cluster/support/backups.ts';
import { kubeconfigPath, kubectl } from '../cluster/support/kubectl.ts';
import { token } from '../cluster/support/token.ts';
import { IMAGE } from '../cluster/support/verify-pod.ts';
import { startSidecar } from '../support/sidecar.ts';

const GIGABYTES = Number(process.argv[2] ?? 2);
const ROUNDS = 3;
const NAMESPACE = 'bench';
const CLAIM = 'big';

/** A claim with about as much text as noise, and a pod that holds it. */
function makeVolume(): void {
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: CLAIM, namespace: NAMESPACE },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: `${GIGABYTES * 2}Gi` } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'holder', namespace: NAMESPACE },
      spec: {
        terminationGracePeriodSeconds: 0,
        securityContext: { runAsUser: 0 },
        containers: [
          {
            name: 'main',
            image: IMAGE,
            imagePullPolicy: 'IfNotPresent',
            command: ['sleep', 'infinity'],
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: CLAIM } }],
      },
    },
  ];
  kubectl(
    ['apply', '--filename=-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
  );
  kubectl(['wait', '--for=condition=Ready', 'pod/holder', '-n', NAMESPACE, '--timeout=60s']);
  const fill = `cd /data && for i in $(seq ${GIGABYTES * 10}); do
    head -c 50M /dev/urandom > noise-$i; seq 7000000 | head -c 50M > text-$i; done; sync`;
  kubectl(['exec', '-n', NAMESPACE, 'holder', '--', 'sh', '-c', fill]);
  const { stdout } = spawnSync('kubectl', [
    '--kubeconfig',
    kubeconfigPath(),
    'get',
    'rolebinding',
    'nkvm-runtime',
    '-n',
    NAMESPACE,
  ]);
  if (!stdout.length) {
    kubectl([
      'create',
      'rolebinding',
      'nkvm-runtime',
      '-n',
      NAMESPACE,
      '--clusterrole=nkvm-runtime',
      '--serviceaccount=nkvm:nkvm-runner',
    ]);
  }
}

/** What people do without us. @returns seconds. */
async function plainTar(dir: string): Promise<number> {
  const file = join(dir, 'plain.tar');
  const began = Date.now();
  const kube = `kubectl --kubeconfig=${kubeconfigPath()}`;
  // Not synchronous: fetch must see that an idle connection to the sidecar was closed meanwhile.
  const child = spawn('sh', [
    '-c',
    `${kube} exec -n ${NAMESPACE} holder -- tar -C /data -cf - . > ${file}`,
  ]);
  const [status] = await once(child, 'exit');
  const seconds = (Date.now() - began) / 1000;
  if (status !== 0) throw new Error(`kubectl exec … tar ended with ${status}`);
  rawBytes = statSync(file).size;
  rmSync(file);
  return seconds;
}

let rawBytes = 0;
const middle = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
const rssMiB = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

makeVolume();
const bundled = spawnSync('npm', ['run', '--silent', 'bundle', '-w', 'sidecar'], {
  stdio: 'inherit',
});
if (bundled.status !== 0) throw new Error('the sidecar could not be bundled: see above');
const sidecar = await startSidecar({}, undefined, 'dist/main.js');
try {
  const admin = token();
  const call: Call = (path, init) => sidecar.fetch(path, admin, init);
  const ours: number[] = [];
  const plain: number[] = [];
  const firstByte: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    plain.push(await plainTar(sidecar.dir));
    const run = await backUp(call, NAMESPACE, CLAIM);
    if (run.status !== 'success') throw new Error(`${run.status}: ${run.message}`);
    const at = (stage: string) =>
      Date.parse(run.stages.find(each => each.stage === stage)?.startedAt ?? '');
    firstByte.push((at('copy') - Date.parse(run.createdAt)) / 1000);
    ours.push((at('cleanup') - Date.parse(run.createdAt)) / 1000);
    rmSync(run.archive ?? '');
  }
  const megabytes = rawBytes / 1e6;
  console.log(`volume                            ${megabytes.toFixed(0)} MB of files`);
  console.log(
    `kubectl exec … tar > file         ${(megabytes / middle(plain)).toFixed(0)} MB/s  (${plain
      .map(s => s.toFixed(1))
      .join(', ')} s)`
  );
  console.log(
    `backup, click to proven archive   ${(megabytes / middle(ours)).toFixed(0)} MB/s  (${ours
      .map(s => s.toFixed(1))
      .join(', ')} s)`
  );
  console.log(`ratio                             ${(middle(plain) / middle(ours)).toFixed(2)}`);
  console.log(`click to first byte               ${middle(firstByte).toFixed(2)} s`);
  console.log(`the sidecar's biggest size (RSS)  ${rssMiB(sidecar.pid).toFixed(0)} MiB`);
} finally {
  await sidecar.remove();
  kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
}
