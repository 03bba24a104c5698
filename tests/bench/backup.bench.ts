/**
 * One volume of 2 GB on a real cluster: a backup through the product, and `kubectl exec … tar` into a file, in turn.
 * usage: node tests/bench/backup.bench.ts [GIGABYTES]
 * Needs the test cluster with the product (npm run cluster:up, npm run image -- --import, kubectl apply -k deploy/k8s),
 * or KUBECONFIG.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from '../cluster/support/backups.ts';
import { backUp } from '../cluster/support/backups.ts';
import { kubeconfigPath } from '../cluster/support/kubectl.ts';
import { token } from '../cluster/support/token.ts';
import { startSidecar } from '../support/sidecar.ts';
import { bundleSidecar } from './support/bundle.ts';
import { biggestRssMiB } from './support/memory.ts';
import { HOLDER, makeVolumes, NAMESPACE, removeVolumes } from './support/volumes.ts';

const GIGABYTES = Number(process.argv[2] ?? 2);
const ROUNDS = 3;
const CLAIM = 'big';

/** The same without NKVM. @returns seconds. */
async function plainTar(dir: string): Promise<number> {
  const file = join(dir, 'plain.tar');
  const began = Date.now();
  const kube = `kubectl --kubeconfig=${kubeconfigPath()}`;
  // Not synchronous: fetch must see that an idle connection to the sidecar was closed meanwhile.
  const child = spawn('sh', [
    '-c',
    `${kube} exec -n ${NAMESPACE} ${HOLDER} -- tar -C /data/0 -cf - . > ${file}`,
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

makeVolumes([CLAIM], GIGABYTES);
bundleSidecar();
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
  console.log(`the sidecar's biggest size (RSS)  ${biggestRssMiB(sidecar.pid).toFixed(0)} MiB`);
} finally {
  await sidecar.remove();
  removeVolumes();
}
