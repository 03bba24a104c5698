/**
 * How long a person waits for the list of volumes who has rights in 3 of 500 namespaces, and how many questions the API server
 * gets for it. Cluster: the playground, with its real reviews, in a process of its own; the sidecar has the flags of the image.
 * Exits with 1 when a limit is not kept.
 *
 *     node tests/bench/rights.bench.ts
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { installation } from '../demo/installation.ts';
import { startPlayground } from '../playground/playground.ts';
import type { Draft } from '../playground/store/object.ts';
import { startSidecar } from '../support/sidecar.ts';
import { cpuSecondsBelow } from './support/cpu.ts';

const NAMESPACES = 500;
const CLAIMS_EACH = 10;
const OWN = ['ns-100', 'ns-250', 'ns-499'];
const USER = { namespace: 'ns-100', name: 'nkvm-user' };
const ROUNDS = 3;
const WARM = 40;
/** Rights that were given are looked up again after ten seconds, others of a list after a minute. */
const FORGOTTEN_MS = 11_000;
const NO_FORGOTTEN_MS = 61_000;
const limits = { coldMs: 1_000, warmP95Ms: 50 };

interface Served {
  kubeconfig: string;
  adminUrl: string;
}

async function measure(): Promise<boolean> {
  const cluster = fork(fileURLToPath(import.meta.url), ['serve']);
  try {
    const [served] = (await once(cluster, 'message')) as [Served];
    return await measureAt(served, cluster);
  } finally {
    cluster.kill();
  }
}

async function measureAt({ kubeconfig, adminUrl }: Served, cluster: ChildProcess) {
  const sidecar = await startSidecar({ NKVM_KUBECONFIG: kubeconfig });
  try {
    const list = async (): Promise<number> => {
      const began = performance.now();
      const answer = await sidecar.fetch('/api/v1/volumes', await token(adminUrl));
      const { volumes, incomplete } = (await answer.json()) as Listed;
      const ms = performance.now() - began;
      if (volumes.length !== OWN.length * CLAIMS_EACH || incomplete)
        throw new Error(`${volumes.length} volumes, incomplete: ${incomplete}`);
      return ms;
    };
    await list(); // modules that are loaded when they are needed
    const rounds: { ms: number; cpuSeconds: number; questions: number }[] = [];
    const warm: number[] = [];
    for (const pauseMs of [NO_FORGOTTEN_MS, ...Array<number>(ROUNDS).fill(FORGOTTEN_MS)]) {
      await pause(pauseMs);
      const [asked, cpu] = [await reviewsOf(cluster), cpuSecondsBelow(process.pid)];
      const ms = await list();
      const cpuSeconds = cpuSecondsBelow(process.pid) - cpu;
      rounds.push({ ms, cpuSeconds, questions: (await reviewsOf(cluster)) - asked });
      for (let at = 0; at < WARM; at += 1) warm.push(await list());
    }
    const coldMs = rounds[0]?.ms ?? Infinity;
    const warmMs = percentile(warm, 0.95);
    const each = (value: (round: (typeof rounds)[number]) => string): string =>
      `${value(rounds[0]!)}; then ${rounds.slice(1).map(value).join(', ')}`;
    const load = loadavg().map(value => value.toFixed(1));
    const rows = [
      ['claims, namespaces, own', `${NAMESPACES * CLAIMS_EACH}, ${NAMESPACES}, ${OWN.length}`],
      ['cold list, ms', `${each(({ ms }) => ms.toFixed(0))} (limit ${limits.coldMs})`],
      ['CPU of both, s', each(({ cpuSeconds }) => cpuSeconds.toFixed(2))],
      ['questions', each(({ questions }) => `${questions}`)],
      ['warm list, p50, ms', percentile(warm, 0.5).toFixed(1)],
      ['warm list, p95, ms', `${warmMs.toFixed(1)} (limit ${limits.warmP95Ms})`],
      ['load of the machine', load.join(', ')],
    ];
    for (const [name = '', value] of rows) console.log(`${name.padEnd(26)} ${value}`);
    return coldMs < limits.coldMs && warmMs < limits.warmP95Ms;
  } finally {
    await sidecar.remove();
  }
}

interface Listed {
  volumes: unknown[];
  incomplete: boolean;
}

const percentile = (times: readonly number[], part: number): number =>
  [...times].sort((one, other) => one - other)[Math.floor(times.length * part)] ?? 0;

let kept: Promise<string> | undefined;
/** A page keeps its token, too. */
const token = (adminUrl: string): Promise<string> => (kept ??= newToken(adminUrl));

async function newToken(adminUrl: string): Promise<string> {
  const { namespace, name } = USER;
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const answer = await fetch(adminUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: ['nkvm'], expirationSeconds: 3600 },
    }),
  });
  return ((await answer.json()) as { status: { token: string } }).status.token;
}

async function reviewsOf(cluster: ChildProcess): Promise<number> {
  cluster.send('reviews');
  const [count] = (await once(cluster, 'message')) as [number];
  return count;
}

/** The cluster. It counts the reviews that it has answered, and returns the number on request. */
async function serve(): Promise<void> {
  const playground = await startPlayground();
  playground.apply(installation());
  playground.apply(contents());
  const runner = 'system:serviceaccount:nkvm:nkvm-runner';
  process.on('message', () => process.send!(playground.reviews()));
  process.on('disconnect', () => void playground.stop());
  process.send!({
    kubeconfig: playground.kubeconfigFor(runner),
    adminUrl: await playground.proxyAs('admin'),
  } satisfies Served);
}

/** Every namespace has claims that nothing provisions, and a team of its own with rights in it. */
function contents(): Draft[] {
  const names = Array.from({ length: NAMESPACES }, (_, at) => `ns-${at}`);
  const bound = (namespace: string, to: { namespace: string; name: string }): Draft => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: `nkvm-of-${to.namespace}`, namespace },
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'nkvm-operator',
    },
    subjects: [{ kind: 'ServiceAccount', ...to }],
  });
  return names.flatMap(namespace => [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'nkvm-user' } },
    bound(namespace, { namespace, name: 'nkvm-user' }),
    ...(OWN.includes(namespace) && namespace !== USER.namespace ? [bound(namespace, USER)] : []),
    ...Array.from(
      { length: CLAIMS_EACH },
      (_, at): Draft => ({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { namespace, name: `data-${at}` },
        spec: {
          storageClassName: 'made-by-hand',
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
        },
      })
    ),
  ]);
}

if (process.argv[2] === 'serve') await serve();
else process.exitCode = (await measure()) ? 0 : 1;
