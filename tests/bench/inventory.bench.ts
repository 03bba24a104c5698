import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gatewayOf } from '../../sidecar/src/cluster/gateway/gateway.ts';
import { startInventory } from '../../sidecar/src/cluster/inventory/startInventory.ts';
import { type ClusterSize, fillBigCluster, putPod } from '../support/bigCluster.ts';
import { kubeConfigFor, ListWatchServer } from '../support/listWatchServer.ts';

/**
 * How long the inventory of a big cluster takes to be ready, what a look at it costs, and what it keeps in memory.
 * The cluster is a list and watch server in a process of its own. Exits with 1 when a limit is not kept.
 *
 *     node tests/bench/inventory.bench.ts
 */
const size: ClusterSize = {
  namespaces: 50,
  nodes: 20,
  claims: 2_000,
  otherPods: 3_000,
  deployments: 500,
  statefulSets: 100,
  jobs: 500,
};

const limits = { readyMs: 10_000, warmP95Ms: 50, growthMiB: 100 };

/** Events a second while the cluster is busy. */
const CHURN_PER_SECOND = 100;
const LOOKS = 300;

async function measure(): Promise<boolean> {
  const cluster = fork(fileURLToPath(import.meta.url), ['serve']);
  try {
    const [port] = (await once(cluster, 'message')) as [number];
    return await measureAt(port, cluster);
  } finally {
    cluster.kill();
  }
}

async function measureAt(port: number, cluster: ChildProcess): Promise<boolean> {
  const emptyMiB = rssMiB();
  const startedAt = performance.now();
  const inventory = startInventory(gatewayOf(kubeConfigFor(port)), {
    log: { info: () => {}, warn: (_, text) => console.error(text) },
  });
  await inventory.ready(60_000);
  const listedMs = performance.now() - startedAt;
  const claims = inventory.claims().length;
  const readyMs = performance.now() - startedAt;
  const readyMiB = rssMiB();

  const quiet = await look(() => inventory.claims());
  cluster.send('churn');
  const busy = await look(() => inventory.claims());
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  const growthMiB = peakMiB - emptyMiB;
  await inventory.stop();

  const rows: [string, string][] = [
    ['claims', `${claims}`],
    ['lists read', `${listedMs.toFixed(0)} ms`],
    ['first answer', `${readyMs.toFixed(0)} ms (limit ${limits.readyMs})`],
    ['a look, nothing changes', text(quiet)],
    [`a look, ${CHURN_PER_SECOND} events/s`, text(busy)],
    ['RSS before, ready, at most', [emptyMiB, readyMiB, peakMiB].map(mib).join(', ')],
    ['RSS, growth', `${mib(growthMiB)} (limit ${mib(limits.growthMiB)})`],
  ];
  for (const [name, value] of rows) console.log(`${name.padEnd(28)} ${value}`);
  if (claims !== size.claims) throw new Error(`${claims} claims seen, ${size.claims} are there`);
  return readyMs <= limits.readyMs && busy.p95 <= limits.warmP95Ms && growthMiB <= limits.growthMiB;
}

interface Percentiles {
  p50: number;
  p95: number;
}

/** Looks again and again, with pauses in which events can come in. */
async function look(once: () => unknown): Promise<Percentiles> {
  const times: number[] = [];
  for (let i = 0; i < LOOKS; i++) {
    const startedAt = performance.now();
    once();
    times.push(performance.now() - startedAt);
    await delay(20);
  }
  times.sort((a, b) => a - b);
  return { p50: times[Math.floor(LOOKS * 0.5)]!, p95: times[Math.floor(LOOKS * 0.95)]! };
}

const text = ({ p50, p95 }: Percentiles) =>
  `p50 ${p50.toFixed(2)} ms, p95 ${p95.toFixed(2)} ms (limit ${limits.warmP95Ms})`;

const mib = (value: number) => `${value.toFixed(0)} MiB`;

const rssMiB = () => process.memoryUsage.rss() / 1024 ** 2;

/** The cluster; from the first message on, its pods go up and down. */
async function serve(): Promise<void> {
  const server = new ListWatchServer();
  fillBigCluster(server, size);
  process.on('message', () => {
    let tick = 0;
    setInterval(() => {
      tick += 1;
      const i = (tick * 4) % size.claims;
      putPod(server, size, i, `c-${i}`, tick % 3 === 0 ? 'Pending' : 'Running');
    }, 1000 / CHURN_PER_SECOND);
  });
  process.send!(await server.listen());
}

if (process.argv[2] === 'serve') await serve();
else process.exitCode = (await measure()) ? 0 : 1;
