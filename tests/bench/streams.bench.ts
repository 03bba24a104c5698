/**
 * Many volumes at once on a real cluster: how much memory the sidecar takes while all of them stream.
 * usage: node tests/bench/streams.bench.ts [STREAMS] [GIGABYTES]
 * Needs the test cluster with the product (npm run cluster:up, npm run image -- --import, kubectl apply -k deploy/k8s),
 * or KUBECONFIG.
 */
import { rmSync } from 'node:fs';
import type { Call } from '../cluster/support/backups.ts';
import { ended, read } from '../cluster/support/backups.ts';
import { token } from '../cluster/support/token.ts';
import { startSidecar } from '../support/sidecar.ts';
import { bundleSidecar } from './support/bundle.ts';
import { biggestRssMiB, rssMiB } from './support/memory.ts';
import { makeVolumes, NAMESPACE, removeVolumes } from './support/volumes.ts';

const STREAMS = Number(process.argv[2] ?? 8);
const GIGABYTES = Number(process.argv[3] ?? 2);
const LIMIT_MS = 3_600_000;

const names = Array.from({ length: STREAMS }, (_, index) => `volume-${index}`);
makeVolumes(names, GIGABYTES);
bundleSidecar();
const limits = { NKVM_MAX_PARALLEL: String(STREAMS), NKVM_MAX_PARALLEL_PER_NODE: String(STREAMS) };
const sidecar = await startSidecar(limits, undefined, 'dist/main.js');
try {
  const admin = token();
  const call: Call = (path, init) => sidecar.fetch(path, admin, init);
  const idle = rssMiB(sidecar.pid);
  const began = Date.now();
  const answer = await call('/api/v1/backups', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ volumes: names.map(name => ({ namespace: NAMESPACE, name })) }),
  });
  const { backups } = (await answer.json()) as { backups: { id: string }[] };
  const sizes: number[] = [];
  const sampler = setInterval(() => sizes.push(rssMiB(sidecar.pid)), 1000);
  for (const { id } of backups) {
    const run = await ended(call, id, LIMIT_MS);
    if (run.status !== 'success') throw new Error(`${run.status}: ${run.message}`);
  }
  clearInterval(sampler);
  const seconds = (Date.now() - began) / 1000;
  const runs = await Promise.all(backups.map(({ id }) => read(call, id)));
  const rawBytes = runs.reduce((sum, { seal }) => sum + (seal?.rawBytes ?? 0), 0);
  const mean = (part: number[]): string =>
    (part.reduce((sum, size) => sum + size, 0) / part.length).toFixed(0);
  const third = Math.ceil(sizes.length / 3);
  console.log(`streams at once                   ${STREAMS} of ${GIGABYTES} GB`);
  console.log(`all together                      ${(rawBytes / 1e6 / seconds).toFixed(0)} MB/s`);
  console.log(`RSS before                        ${idle.toFixed(0)} MiB`);
  console.log(
    `RSS, mean of each third           ${[0, 1, 2]
      .map(part => mean(sizes.slice(part * third, (part + 1) * third)))
      .join(', ')} MiB`
  );
  console.log(`RSS, biggest                      ${biggestRssMiB(sidecar.pid).toFixed(0)} MiB`);
  for (const { archive } of runs) rmSync(archive ?? '', { force: true });
} finally {
  await sidecar.remove();
  removeVolumes();
}
