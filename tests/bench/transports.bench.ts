/**
 * One volume on the test cluster, backed up and restored by NKVM over each transport and by what people use instead, in turn and
 * in one run: time, seconds of CPU by process, memory of the pod.
 * usage: [NKVM_HELPER_MEMORY_LIMIT=1Gi] node tests/bench/transports.bench.ts [TREE] [ROUNDS] [CONTESTANT ...]
 * TREE: mixed (default), half, megabytes, small, empty. Contestants: see `CONTESTANTS`; by default all of them. Those with
 * `-again`, `-changed` and `-restore` need the first one of their kind before them.
 * Needs the cluster of `npm run cluster:up` with the image, and versitygw (`npm run servers`).
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DESTINATION_LABEL } from '../../sidecar/api/names.ts';
import type { Call } from '../cluster/support/backups.ts';
import { read, start } from '../cluster/support/backups.ts';
import { kubeconfigPath, kubectl } from '../cluster/support/kubectl.ts';
import { HOST_FOR_PODS } from '../cluster/support/reachable.ts';
import { readRestore, startRestore } from '../cluster/support/restores.ts';
import { token } from '../cluster/support/token.ts';
import { until } from '../cluster/support/until.ts';
import { startVersitygw } from '../servers/versitygw.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { startSidecar } from '../support/sidecar.ts';
import { makeBenchVolume } from './support/benchVolume.ts';
import { bundleSidecar } from './support/bundle.ts';
import { changeSome } from './support/changeSome.ts';
import { biggestRssMiB } from './support/memory.ts';
import type { Parties } from './support/parties.ts';
import { partiesBetween, partiesNow } from './support/parties.ts';
import { watchPods } from './support/podWatch.ts';
import { inResticPod, resticEnvironment } from './support/resticPod.ts';
import { TREES } from './support/trees.ts';
import { HOLDER, NAMESPACE, removeVolumes } from './support/volumes.ts';

const [treeName = 'mixed', rounds = '1', ...wanted] = process.argv.slice(2);
const tree = TREES[treeName];
if (!tree) throw new Error(`TREE is one of ${Object.keys(TREES).join(', ')}`);
const CLAIM = 'data';
const LIMIT_MS = 3_600_000;
const LOOK_MS = 500;

/** Claim into which restic restores; NKVM makes its own. */
const OTHER = 'restored';
const volume = makeBenchVolume([CLAIM, `${CLAIM}-cache`, OTHER]);
console.log(`${tree.says}; making it`);
tree.make(volume.directory);
execFileSync('sync');
bundleSidecar();
const room = mkdtempSync(join(tmpdir(), 'nkvm-transports-'));
const server = await startVersitygw({ host: HOST_FOR_PODS });

/** What one contestant did. */
interface Result {
  seconds: number;
  cpu: Parties;
  storedBytes: number;
  podMiB?: number;
  more?: string;
}

type Timed = <T>(work: () => Promise<T>) => Promise<T>;

interface Contestant {
  name: string;
  /**
   * @param timed the part whose time counts; called once
   * @returns `seconds` where it knows better
   */
  run(timed: Timed): Promise<Pick<Result, 'storedBytes' | 'more'> & { seconds?: number }>;
}

const bucket = await server.makeBucket();
const sizeBelow = (directory: string): number =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
const storedInBucket = (): number => sizeBelow(join(server.files, bucket));

async function shell(script: string, ...args: string[]): Promise<void> {
  const child = spawn('sh', ['-ec', script, 'sh', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', text => (said += text));
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${said}`);
}

const kube = `kubectl --kubeconfig=${kubeconfigPath()} --namespace=${NAMESPACE}`;
const ALL = `tar --create --format=posix --xattrs --xattrs-include='*' --acls --sparse --numeric-owner`;

const onNode: Contestant = {
  name: 'node: tar | igzip > file; sync',
  async run(timed) {
    const file = join(room, 'node.tar.gz');
    const script = `${ALL} -C "$1" . | igzip -1 -c >"$2"; sync -f "$2"`;
    await timed(() => shell(script, volume.directory, file));
    const storedBytes = statSync(file).size;
    rmSync(file);
    return { storedBytes };
  },
};

const bySdk = join(import.meta.dirname, 'support/multipart.ts');

/** The same tar and igzip, and then a client that sends the finished archive. */
const byClient: Contestant = {
  name: 'node: tar | igzip > file, S3 client',
  async run(timed) {
    const file = join(room, 'client.tar.gz');
    const script = `${ALL} -C "$1" . | igzip -1 -c >"$2"; SETTINGS=$3 "$4" "$5" store by-client "$2"`;
    const settings = JSON.stringify(server.settings(bucket));
    await timed(() => shell(script, volume.directory, file, settings, process.execPath, bySdk));
    const storedBytes = statSync(file).size;
    rmSync(file);
    return { storedBytes };
  },
};

const copied: Contestant = {
  name: 'tar czf in the pod, kubectl cp',
  async run(timed) {
    const file = join(room, 'cp.tar.gz');
    const pack = `${kube} exec ${HOLDER} -- tar -C /data/0 -czf /room/all.tar.gz .`;
    await timed(() =>
      shell(`${pack}; ${kube} cp ${HOLDER}:/room/all.tar.gz "$1" >/dev/null`, file)
    );
    const storedBytes = statSync(file).size;
    rmSync(file);
    await shell(`${kube} exec ${HOLDER} -- rm /room/all.tar.gz`);
    return { storedBytes };
  },
};

const restic = (name: string, script: string, before?: () => void, claim = CLAIM): Contestant => ({
  name,
  async run(timed) {
    before?.();
    const already = storedInBucket();
    const env = resticEnvironment(server, bucket);
    await inResticPod(claim, env, script, timed, `${CLAIM}-cache`);
    return { storedBytes: storedInBucket() - already };
  },
});
const RESTIC_BACKUP = 'restic backup --quiet --host bench /data';
const RESTIC_RESTORE = 'restic restore --quiet latest:/data --target /data; sync -f /data';

let sidecar: Sidecar | undefined;
let sidecarEnv = '';
/** @returns a sidecar with these settings. One runs at a time. */
async function sidecarWith(env: Record<string, string>): Promise<Sidecar> {
  const key = JSON.stringify(env);
  if (sidecar && key === sidecarEnv) return sidecar;
  await sidecar?.remove();
  sidecar = await startSidecar(env, undefined, 'dist/main.js');
  sidecarEnv = key;
  return sidecar;
}

interface BackupOptions {
  destination?: string;
  env: Record<string, string>;
  form?: 'full';
  before?: () => void;
}

const limit = process.env.NKVM_HELPER_MEMORY_LIMIT;
const LIMIT: Record<string, string> =
  limit === undefined ? {} : { NKVM_HELPER_MEMORY_LIMIT: limit };
/** The newest backup at each destination, by its name; '' is the directory. */
const newest = new Map<string, string>();

async function calling(env: Record<string, string>, destination?: string): Promise<Call> {
  const { fetch } = await sidecarWith({ ...LIMIT, ...env });
  const admin = token();
  const call: Call = (path, init) => fetch(path, admin, init);
  if (destination)
    await until(
      'the destination is known',
      async () => (await call(`/api/v1/destinations/${destination}`)).ok,
      20_000
    );
  return call;
}

/** @returns when each of these stages began, in seconds after the run was asked for. */
const stagesOf = (run: Pick<Run, 'createdAt' | 'stages'>, names: readonly string[]): string =>
  names
    .flatMap(name => {
      const began = run.stages.find(({ stage }) => stage === name)?.startedAt;
      if (began === undefined) return [];
      return `${name} ${((Date.parse(began) - Date.parse(run.createdAt)) / 1000).toFixed(1)}`;
    })
    .join(' ');

interface Run {
  status: string;
  createdAt: string;
  endedAt: string | null;
  stages: { stage: string; startedAt: string }[];
}

/** Looks seldom: each look costs CPU of the sidecar, which counts. */
async function atEnd<R extends Run>(look: () => Promise<R>): Promise<R> {
  for (const until = performance.now() + LIMIT_MS; performance.now() < until; ) {
    const run = await look();
    if (run.status !== 'queued' && run.status !== 'running') return run;
    await pause(LOOK_MS);
  }
  throw new Error('it has not ended');
}

/** @returns how long it took by its record, in seconds, without the deletion of its pod: that of others is not counted either. */
const secondsOf = ({ createdAt, endedAt, stages }: Run): number => {
  const end = stages.find(({ stage }) => stage === 'cleanup')?.startedAt ?? endedAt ?? '';
  return (Date.parse(end) - Date.parse(createdAt)) / 1000;
};

const wholeOf = ({ createdAt, endedAt }: Run): string =>
  `all ${((Date.parse(endedAt ?? '') - Date.parse(createdAt)) / 1000).toFixed(1)}`;

const nkvm = (name: string, { destination, env, form, before }: BackupOptions): Contestant => ({
  name,
  async run(timed) {
    const call = await calling(env, destination);
    before?.();
    const more = { ...(destination && { destinations: [destination] }), ...(form && { form }) };
    const run = await timed(async () => {
      const { run: queued, problem } = await start(call, NAMESPACE, CLAIM, more);
      if (!queued) throw new Error(problem?.message);
      return await atEnd(() => read(call, queued.id));
    });
    if (run.status !== 'success') throw new Error(`${run.status}: ${run.message}`);
    newest.set(destination ?? '', run.id);
    const { transport, transportReason, chain, copies } = run;
    const steps = stagesOf(run, ['exec', 'copy', 'checksum', 'publish', 'cleanup']);
    const proofs = copies.map(({ proof }) => `${proof?.level} from ${proof?.readFrom}`).join();
    const what = chain && chain.links.length > 0 ? 'increment' : 'full';
    return {
      seconds: secondsOf(run),
      storedBytes: run.bytes ?? 0,
      more: `${transport}, ${what}, ${proofs}; ${steps} ${wholeOf(run)}; ${transportReason}`,
    };
  },
});

/** Into a new claim. */
const nkvmRestore = (
  name: string,
  { destination = '', env }: Pick<BackupOptions, 'destination' | 'env'>
): Contestant => ({
  name,
  async run(timed) {
    const call = await calling(env, destination);
    const backup = newest.get(destination);
    if (backup === undefined) throw new Error(`${name} needs a backup there before`);
    const target = { namespace: NAMESPACE, name: `new-${newest.size}-${Date.now()}`, mode: 'new' };
    const run = await timed(async () => {
      const { restore: queued, problem } = await startRestore(call, { backup, target });
      if (!queued) throw new Error(problem?.message);
      return await atEnd(() => readRestore(call, queued.id));
    });
    if (run.status !== 'success') throw new Error(`${run.status}: ${run.message}`);
    kubectl(['delete', 'pvc', target.name, `--namespace=${NAMESPACE}`, '--wait=false']);
    const steps = stagesOf(run, ['create', 'wait', 'exec', 'copy', 'checksum', 'cleanup']);
    return {
      seconds: secondsOf(run),
      storedBytes: 0,
      more: `${run.transport}; ${steps} ${wholeOf(run)}; ${run.transportReason}`,
    };
  },
});

const EXEC = {};
const PUSH = {
  NKVM_HTTP_HOST: '0.0.0.0',
  NKVM_PUSH_PORT: '0',
  NKVM_PUSH_ADDRESS: HOST_FOR_PODS,
};
const S3 = 'bench-s3';
const CHAINS = { ...PUSH, NKVM_INCREMENTAL: 'always' };
const TO_S3 = { destination: S3, env: CHAINS } as const;
const change = (): void => changeSome(volume.directory, 0.01);
const forget = (): void => {
  rmSync(join(server.files, bucket, 'restic'), { recursive: true, force: true });
};
const CONTESTANTS: Record<string, Contestant> = {
  node: onNode,
  // The first archive of a claim is unpacked for its proof.
  'exec-first': nkvm('NKVM by exec into a directory, first', { env: EXEC }),
  exec: nkvm('NKVM by exec into a directory', { env: EXEC }),
  'exec-restore': nkvmRestore('NKVM restores by exec', { env: EXEC }),
  'push-first': nkvm('NKVM by push into a directory, first', { env: PUSH }),
  push: nkvm('NKVM by push into a directory', { env: PUSH }),
  'push-restore': nkvmRestore('NKVM restores by push', { env: PUSH }),
  's3-first': nkvm('NKVM to S3, first', { ...TO_S3, form: 'full' }),
  s3: nkvm('NKVM to S3, full', { ...TO_S3, form: 'full' }),
  's3-restore': nkvmRestore('NKVM restores from S3', TO_S3),
  's3-again': nkvm('NKVM to S3, unchanged', TO_S3),
  's3-changed': nkvm('NKVM to S3, 1 % changed', { ...TO_S3, before: change }),
  restic: restic('restic in a pod to S3, first', `restic init --quiet; ${RESTIC_BACKUP}`, forget),
  'restic-again': restic('restic, unchanged', RESTIC_BACKUP),
  'restic-changed': restic('restic, 1 % changed', RESTIC_BACKUP, change),
  'restic-restore': restic('restic restores', RESTIC_RESTORE, undefined, OTHER),
  client: byClient,
  cp: copied,
};

/** With which others a contestant is compared. */
const RIVALS: Record<string, string[]> = {
  exec: ['node', 'cp'],
  push: ['node', 'exec', 'cp'],
  s3: ['node', 'exec', 'client', 'restic', 'cp'],
  's3-again': ['restic-again', 's3'],
  's3-changed': ['restic-changed', 's3'],
  'exec-restore': ['restic-restore'],
  'push-restore': ['restic-restore'],
  's3-restore': ['restic-restore'],
};
const results = new Map<string, Result[]>();

try {
  const metadata = { name: S3, namespace: 'nkvm', labels: { [DESTINATION_LABEL]: 's3' } };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    stringData: server.settings(bucket),
  };
  kubectl(['apply', '--filename=-'], JSON.stringify(secret));
  const names = wanted.length > 0 ? wanted : Object.keys(CONTESTANTS);
  for (let round = 0; round < Number(rounds); round += 1) {
    for (const key of names) {
      const contestant = CONTESTANTS[key];
      if (!contestant)
        throw new Error(`CONTESTANT is one of ${Object.keys(CONTESTANTS).join(', ')}`);
      const result = await measured(contestant).catch((error: unknown) => {
        console.log(`${contestant.name.padEnd(36)} failed: ${error}`);
        process.exitCode = 1;
      });
      if (!result) continue;
      results.set(key, [...(results.get(key) ?? []), result]);
      report(contestant.name, result);
    }
  }
  console.log('');
  const middle = (key: string): number =>
    (results.get(key) ?? []).map(({ seconds }) => seconds).sort((a, b) => a - b)[
      (results.get(key)?.length ?? 1) >> 1
    ] ?? NaN;
  for (const key of names) {
    const ratios = (RIVALS[key.replace(/-first$/, '')] ?? [])
      .filter(other => other !== key && results.has(other))
      .map(other => `${(middle(key) / middle(other)).toFixed(2)} of ${other}`);
    console.log(`${key.padEnd(16)} ${middle(key).toFixed(1).padStart(6)} s  ${ratios.join('  ')}`);
  }
  if (sidecar)
    console.log(`the last sidecar's biggest size ${biggestRssMiB(sidecar.pid).toFixed(0)} MiB`);
} finally {
  await sidecar?.remove();
  kubectl(['delete', 'secret', S3, '--namespace=nkvm', '--ignore-not-found']);
  await server.stop();
  rmSync(room, { recursive: true, force: true });
  removeVolumes();
}

/** Lets a contestant run, and looks at what it takes meanwhile. */
async function measured({ run }: Contestant): Promise<Result> {
  let took: Pick<Result, 'seconds' | 'cpu' | 'podMiB'> | undefined;
  const result = await run(async work => {
    const pods = watchPods(line => /nkvm-pack|nkvm-unpack|restic (backup|restore)/.test(line));
    const [began, before] = [performance.now(), partiesNow(sidecar?.pid)];
    try {
      return await work();
    } finally {
      const seconds = (performance.now() - began) / 1000;
      const cpu = partiesBetween(before, partiesNow(sidecar?.pid));
      const { mebibytes, cpuSeconds } = pods.stop();
      took = { seconds, cpu: { ...cpu, pod: cpuSeconds }, podMiB: mebibytes };
    }
  });
  if (!took) throw new Error('nothing was timed');
  return { ...took, ...result };
}

function report(name: string, { seconds, cpu, storedBytes, podMiB = 0, more = '' }: Result): void {
  const gigabytes = Math.max(tree!.bytes / 1e9, 1e-9);
  const used = Object.entries(cpu)
    .filter(([, value]) => value >= 0.05)
    .map(
      ([party, value]) =>
        `${party} ${value.toFixed(1)}${
          tree!.bytes > 1e8 ? ` (${(value / gigabytes).toFixed(1)}/GB)` : ''
        }`
    )
    .join(', ');
  console.log(
    `${name.padEnd(36)} ${seconds.toFixed(1).padStart(6)} s  ${(storedBytes / 1e6).toFixed(
      0
    )} MB stored` + `  pod ${podMiB.toFixed(0)} MiB  CPU s: ${used}  ${more}`
  );
}
