/**
 * How much memory NKVM needs for ten clusters of 500 claims each, and how soon it lists their volumes. Each cluster is a playground, an API
 * server of its own with real lists, watches and reviews; all of them are in one process beside the sidecar. Nine are reached over TLS by
 * a kubeconfig. The sidecar is the bundle, with the flags of the image. Exits with 1 when a limit is not kept.
 *
 *     node tests/bench/clusters.bench.ts
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ownCertificate } from '../../sidecar/src/helper/push/certificate.ts';
import { installation } from '../demo/installation.ts';
import { adminToken } from '../demo/playgroundWorld.ts';
import { startPlayground } from '../playground/playground.ts';
import type { Draft } from '../playground/store/object.ts';
import { imageEnvironment } from '../support/imageFlags.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { startSidecar } from '../support/sidecar.ts';
import { wayTo } from '../support/way.ts';
import { bundleSidecar } from './support/bundle.ts';
import { cpuSecondsBelow, cpuSecondsOf } from './support/cpu.ts';

const CLUSTERS = 10;
const NAMESPACES = 50;
const CLAIMS = 500;
const ROUNDS = 20;
const CALM_MS = 10_000;
const LOOK_MS = 20;
const limits = { mebibytes: 400, firstMs: 5_000 };
const RUNNER = 'system:serviceaccount:nkvm:nkvm-runner';

interface Served {
  kubeconfig: string;
  adminUrl: string;
  /** Directory with the kubeconfigs of the others. */
  others: string;
}

async function measure(): Promise<boolean> {
  bundleSidecar();
  const serving = fork(fileURLToPath(import.meta.url), ['serve']);
  try {
    const [served] = (await once(serving, 'message')) as [Served];
    return await measureAt(served);
  } finally {
    serving.disconnect();
    await once(serving, 'exit');
  }
}

async function measureAt({ kubeconfig, adminUrl, others }: Served): Promise<boolean> {
  const token = await adminToken(adminUrl);
  const names = [OWN, ...namesOfOthers()];
  const cpu = cpuSecondsBelow(process.pid);
  const began = performance.now();
  const sidecar = await startSidecar(
    {
      ...imageEnvironment(),
      NKVM_KUBECONFIG: kubeconfig,
      NKVM_CLUSTER_NAME: OWN,
      NKVM_CLUSTERS_DIR: others,
      NKVM_CLUSTERS_ON_LOOPBACK: 'allowed',
    },
    undefined,
    'dist/main.js'
  );
  try {
    const ownReadyMs = performance.now() - began;
    const firstMs = await Promise.all(
      names.map(async name => {
        while (!(await isListed(sidecar, token, name))) await pause(LOOK_MS);
        return performance.now() - began;
      })
    );
    const allMs = Math.max(...firstMs);
    const bothSeconds = cpuSecondsBelow(process.pid) - cpu;
    const ownSeconds = cpuSecondsOf(sidecar.pid);
    const atStart = sizeOf(sidecar.pid);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1)
      for (const name of names) {
        const asked = performance.now();
        if (!(await isListed(sidecar, token, name))) throw new Error(`${name} is not listed`);
        times.push(performance.now() - asked);
      }
    const asked = performance.now();
    await Promise.all(names.map(name => isListed(sidecar, token, name)));
    const togetherMs = performance.now() - asked;
    await pause(CALM_MS);
    const { nowMiB, mostMiB } = sizeOf(sidecar.pid);
    const sorted = times.sort((one, other) => one - other);
    const rows: [string, string][] = [
      ['clusters, claims of each', `${CLUSTERS}, ${CLAIMS}`],
      ['own cluster ready', `${ownReadyMs.toFixed(0)} ms after the start of the process`],
      ['all of them listed', `${allMs.toFixed(0)} ms after it (limit ${limits.firstMs})`],
      [
        'CPU until then',
        `NKVM ${ownSeconds.toFixed(1)} s, with the clusters ${bothSeconds.toFixed(1)} s`,
      ],
      ['one list, p50 and p95', [0.5, 0.95].map(part => at(sorted, part)).join(', ')],
      ['ten lists at once', `${togetherMs.toFixed(0)} ms`],
      ['RSS when all are listed', `${atStart.nowMiB.toFixed(0)} MiB`],
      [
        'RSS at the end, at most',
        `${nowMiB.toFixed(0)}, ${mostMiB.toFixed(0)} MiB (limit ${limits.mebibytes})`,
      ],
      [
        'load of the machine',
        loadavg()
          .map(value => value.toFixed(1))
          .join(', '),
      ],
    ];
    for (const [name, value] of rows) console.log(`${name.padEnd(26)} ${value}`);
    return allMs < limits.firstMs && mostMiB < limits.mebibytes;
  } finally {
    await sidecar.remove();
  }
}

const at = (sorted: readonly number[], part: number): string =>
  `${(sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(0)} ms`;

/** @returns whether the list of the cluster has all of its volumes; false while the cluster is not known yet */
async function isListed(sidecar: Sidecar, token: string, cluster: string): Promise<boolean> {
  const answer = await sidecar.fetch(`/api/v1/volumes?cluster=${cluster}`, token);
  const body = (await answer.json()) as { volumes?: unknown[]; incomplete?: boolean };
  return answer.ok && body.volumes?.length === CLAIMS && body.incomplete === false;
}

/** Of the process itself (Linux): it has no others. */
function sizeOf(pid: number): { nowMiB: number; mostMiB: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
  return { nowMiB: mebibytes('VmRSS'), mostMiB: mebibytes('VmHWM') };
}

const OWN = 'home';
const namesOfOthers = (): string[] =>
  Array.from({ length: CLUSTERS - 1 }, (_, index) => `edge-${index + 1}`);

/** The clusters. */
async function serve(): Promise<void> {
  const others = mkdtempSync(join(tmpdir(), 'nkvm-clusters-'));
  mkdirSync(others, { recursive: true });
  const start = async () => {
    const playground = await startPlayground();
    playground.apply(installation());
    playground.apply(contents());
    return playground;
  };
  const own = await start();
  const ends: (() => Promise<void>)[] = [() => own.stop()];
  const certificate = { ...ownCertificate(), name: 'NKVM' };
  for (const name of namesOfOthers()) {
    const playground = await start();
    const way = await wayTo(playground.kubeconfigFor(RUNNER), certificate);
    copyFileSync(way.kubeconfig, join(others, name));
    ends.push(
      () => way.close(),
      () => playground.stop()
    );
  }
  process.on('disconnect', async () => {
    await Promise.all(ends.map(end => end()));
    rmSync(others, { recursive: true, force: true });
  });
  process.send!({
    kubeconfig: own.kubeconfigFor(RUNNER),
    adminUrl: await own.proxyAs('admin'),
    others,
  } satisfies Served);
}

/** Claims that nothing provisions, each with a workload that is scaled to zero, and the managed fields of real objects. */
function contents(): Draft[] {
  const ballast = (bytes: number) => ({ 'example.com/applied': 'x'.repeat(bytes) });
  return [
    ...Array.from(
      { length: NAMESPACES },
      (_, index): Draft => ({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: `ns-${index}` },
      })
    ),
    ...Array.from({ length: CLAIMS }, (_, index): Draft[] => {
      const namespace = `ns-${index % NAMESPACES}`;
      const name = `data-${index}`;
      const labels = { 'app.kubernetes.io/name': name, backup: 'daily' };
      return [
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { namespace, name, labels, annotations: ballast(1_000) },
          spec: {
            storageClassName: 'made-by-hand',
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: '1Gi' } },
          },
        },
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { namespace, name, labels, annotations: ballast(4_000) },
          spec: {
            replicas: 0,
            selector: { matchLabels: labels },
            template: {
              metadata: { labels },
              spec: {
                containers: [{ name: 'main', image: 'nkvm/nkvm:dev' }],
                volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
              },
            },
          },
        },
      ];
    }).flat(),
  ];
}

if (process.argv[2] === 'serve') await serve();
else process.exitCode = (await measure()) ? 0 : 1;
