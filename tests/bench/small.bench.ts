/**
 * Many small volumes at once on the test cluster, beside the starts of as many pods that do nothing: time, and the seconds of
 * CPU that one run takes of the sidecar and of the API server. With one at a time it tells what a person waits for who backs up
 * a single volume.
 * usage: node tests/bench/small.bench.ts [VOLUMES] [PARALLEL]
 * Needs the cluster of `npm run cluster:up` with the product. A kubelet runs 110 pods.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../sidecar/src/cluster/gateway/connection.ts';
import { gatewayOf } from '../../sidecar/src/cluster/gateway/gateway.ts';
import type { Pods } from '../../sidecar/src/cluster/gateway/pods.ts';
import { podsOf } from '../../sidecar/src/cluster/gateway/pods.ts';
import type { Call } from '../cluster/support/backups.ts';
import { read } from '../cluster/support/backups.ts';
import { kubeconfigPath, kubectl } from '../cluster/support/kubectl.ts';
import { HOST_FOR_PODS } from '../cluster/support/reachable.ts';
import { token } from '../cluster/support/token.ts';
import { until } from '../cluster/support/until.ts';
import { IMAGE } from '../cluster/support/verify-pod.ts';
import { startSidecar } from '../support/sidecar.ts';
import { makeBenchVolume } from './support/benchVolume.ts';
import { bundleSidecar } from './support/bundle.ts';
import { partiesBetween, partiesNow } from './support/parties.ts';
import { HOLDER, NAMESPACE, removeVolumes } from './support/volumes.ts';

const VOLUMES = Number(process.argv[2] ?? 100);
const PARALLEL = process.argv[3] ?? '16';
const LOOK_MS = 100;
/** Each look at a run costs CPU of the sidecar, which counts. */
const RUN_LOOK_MS = 500;
const LIMIT_MS = 900_000;
const names = Array.from({ length: VOLUMES }, (_, at) => `small-${at}`);

bundleSidecar();
makeBenchVolume(names);
const fill = 'for d in /data/*; do seq 1000 >"$d/numbers"; done; sync';
kubectl(['exec', `--namespace=${NAMESPACE}`, HOLDER, '--', 'sh', '-c', fill]);
try {
  await podsAlone();
  await backups('exec', {});
  await backups('push', {
    NKVM_HTTP_HOST: '0.0.0.0',
    NKVM_PUSH_PORT: '0',
    NKVM_PUSH_ADDRESS: HOST_FOR_PODS,
  });
} finally {
  removeVolumes();
}

/** Creates a pod for each volume, waits until it is ready, and deletes it: as many at once as backups may run. */
async function podsAlone(): Promise<void> {
  const { kubeConfig } = connect({
    ...{ mode: 'kubeconfig', kubeconfig: kubeconfigPath(), name: 'bench' },
  });
  const gateway = gatewayOf(kubeConfig);
  const pods = podsOf(gateway);
  const left = [...names];
  const [began, before] = [performance.now(), partiesNow(undefined)];
  const worker = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await onePod(pods, name);
  };
  await Promise.all(Array.from({ length: Number(PARALLEL) }, worker));
  say('pods alone', began, partiesBetween(before, partiesNow(undefined)));
  gateway.stop();
}

async function onePod(pods: Pods, claimName: string): Promise<void> {
  const name = `alone-${claimName}`;
  await pods.create(NAMESPACE, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 2,
      containers: [
        {
          name: 'main',
          image: IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', 'trap "exit 143" TERM; while :; do sleep 3600 & wait $!; done'],
          volumeMounts: [{ name: 'volume', mountPath: '/volume', readOnly: true }],
        },
      ],
      volumes: [{ name: 'volume', persistentVolumeClaim: { claimName, readOnly: true } }],
    },
  });
  for (;;) {
    const pod = await pods.get(NAMESPACE, name);
    if (pod?.status?.containerStatuses?.[0]?.ready) break;
    await pause(LOOK_MS);
  }
  await pods.remove(NAMESPACE, name);
  while (await pods.get(NAMESPACE, name)) await pause(LOOK_MS);
}

async function backups(way: string, env: Record<string, string>): Promise<void> {
  const limits = { NKVM_MAX_PARALLEL: PARALLEL, NKVM_MAX_PARALLEL_PER_NODE: PARALLEL };
  const sidecar = await startSidecar({ ...limits, ...env }, undefined, 'dist/main.js');
  try {
    const admin = token();
    const call: Call = (path, init) => sidecar.fetch(path, admin, init);
    await until(
      'the volumes are known',
      async () => (await call(`/api/v1/volumes?namespace=${NAMESPACE}`)).ok,
      20_000
    );
    const [began, before] = [performance.now(), partiesNow(sidecar.pid)];
    const answer = await call('/api/v1/backups', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ volumes: names.map(name => ({ namespace: NAMESPACE, name })) }),
    });
    const { backups: runs } = (await answer.json()) as { backups: { id: string }[] };
    const open = new Set(runs.map(({ id }) => id));
    const ended: Run[] = [];
    while (open.size > 0 && performance.now() - began < LIMIT_MS) {
      for (const id of open) {
        const run = await read(call, id);
        if (run.status === 'queued' || run.status === 'running') break; // they end more or less in order
        if (run.status !== 'success') throw new Error(`${run.status}: ${run.message}`);
        open.delete(id);
        ended.push(run);
      }
      await pause(RUN_LOOK_MS);
    }
    if (open.size > 0) throw new Error(`${open.size} backups have not ended`);
    say(`backups by ${way}`, began, partiesBetween(before, partiesNow(sidecar.pid)));
    console.log(
      `  after its start, a run was proven after ${spread(
        ended,
        provenOf
      )}, and ended after ${spread(ended, run => run.endedAt)}`
    );
  } finally {
    await sidecar.remove();
  }
}

type Run = Awaited<ReturnType<typeof read>>;

/** @returns when all that is left to do was the deletion of the pod. */
function provenOf({ stages }: Run): string | undefined {
  return stages.find(({ stage }) => stage === 'cleanup')?.startedAt;
}

/** @returns the median, the least and the most seconds from the start of each run to a time of it. */
function spread(runs: Run[], timeOf: (run: Run) => string | null | undefined): string {
  const seconds = runs
    .map(run => (Date.parse(timeOf(run) ?? '') - Date.parse(run.startedAt ?? '')) / 1000)
    .sort((a, b) => a - b);
  const [middle, least, most] = [seconds.length >> 1, 0, seconds.length - 1].map(at =>
    seconds[at]?.toFixed(1)
  );
  return `${middle} s (${least}–${most})`;
}

function say(what: string, began: number, cpu: Record<string, number>): void {
  const seconds = (performance.now() - began) / 1000;
  const each = Object.entries(cpu)
    .map(([party, value]) => `${party} ${((value * 1000) / VOLUMES).toFixed(0)}`)
    .join(', ');
  console.log(
    `${what.padEnd(18)} ${VOLUMES} volumes, ${PARALLEL} at once: ${seconds.toFixed(
      1
    )} s; CPU ms for each: ${each}`
  );
}
