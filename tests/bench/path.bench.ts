/**
 * The way of an archive without Kubernetes: one process is the sidecar, and the helper's commands are processes of this
 * machine. Backups into a directory and to S3 (versitygw on loopback), pushed and direct, beside `tar | igzip > file; sync`, a
 * multipart client and restic, in turn: time, seconds of CPU, and the size of the programs that ran for it.
 * usage: node tests/bench/path.bench.ts [TREE] [ROUNDS] [WAY ...]
 * WAY: see `WAYS`; by default all of them. Needs versitygw and restic (`npm run servers`).
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBackup } from '../../sidecar/src/backup/run.ts';
import { lane } from '../../sidecar/src/cluster/gateway/lane.ts';
import type { Destination } from '../../sidecar/src/destinations/destination.ts';
import { localDestination } from '../../sidecar/src/destinations/directory/local.ts';
import { s3 } from '../../sidecar/src/destinations/s3/kind.ts';
import type { DirectDoubts } from '../../sidecar/src/helper/direct/doubts.ts';
import { directDoubts } from '../../sidecar/src/helper/direct/doubts.ts';
import { listenForHelpers } from '../../sidecar/src/helper/push/listener.ts';
import { pushTransport } from '../../sidecar/src/helper/push/pushTransport.ts';
import { sameLimits } from '../../sidecar/src/helper/wait/waitLimits.ts';
import { testClaim } from '../../sidecar/src/testing/cluster/testClaim.ts';
import { fixedPlaces } from '../../sidecar/src/testing/destinations/fixedPlaces.ts';
import { exampleHelperSettings } from '../../sidecar/src/testing/helper/exampleHelperSettings.ts';
import { processCluster } from '../../sidecar/src/testing/helper/processCluster.ts';
import { exampleRun } from '../../sidecar/src/testing/history/exampleRun.ts';
import { RESTIC } from '../servers/restic.ts';
import { startVersitygw } from '../servers/versitygw.ts';
import { imageEnvironment, imageFlags } from '../support/imageFlags.ts';
import { watchBelowThis } from './support/belowThis.ts';
import { biggestRssMiB } from './support/memory.ts';
import { TREES } from './support/trees.ts';

const [treeName = 'mixed', rounds = '3', ...wanted] = process.argv.slice(2);
const tree = TREES[treeName];
if (!tree) throw new Error(`TREE is one of ${Object.keys(TREES).join(', ')}`);
const AS_IMAGE = 'NKVM_BENCH_AS_IMAGE';
if (!process.env[AS_IMAGE]) {
  const args = [...imageFlags(), import.meta.filename, ...process.argv.slice(2)];
  const env = { ...process.env, ...imageEnvironment(), [AS_IMAGE]: '1' };
  process.exit(spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1);
}

const root = mkdtempSync(join(tmpdir(), 'nkvm-path-'));
const volume = join(root, 'volume');
const archives = join(root, 'archives');
for (const directory of [volume, archives]) mkdirSync(directory);
const ALL = `tar --create --format=posix --xattrs --xattrs-include='*' --acls --sparse --numeric-owner`;
const claim = testClaim();

/** Not synchronous: meanwhile the sizes of processes are looked at. */
async function runs(command: string, args: string[], env = process.env): Promise<void> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
}

async function onNode(): Promise<void> {
  const script = `${ALL} -C "$1" . | igzip -1 -c >"$2"; sync -f "$2"`;
  await runs('sh', ['-c', script, 'sh', volume, join(archives, 'node.tar.gz')]);
  rmSync(join(archives, 'node.tar.gz'));
}

const cluster = processCluster(volume);
const listener = await listenForHelpers({
  ...{ listenOn: '127.0.0.1', port: 0, address: '127.0.0.1', source: 'pod' },
  log: { warn: () => undefined },
});
let backups = 0;

async function backUp(
  destination: Destination,
  level: 'checksum' | 'contents',
  direct?: DirectDoubts
): Promise<string> {
  backups += 1;
  const id = `01k9a2b3c4d5e6f7g8h9jk${String(backups).padStart(4, '0')}`;
  const end = await runBackup(
    { ...exampleRun({ id, status: 'running' }), ...claim, destinations: [destination.id] },
    claim,
    {
      cluster,
      readClaim: async () => ({
        ...{ uid: claim.uid, labels: {}, annotations: {}, spec: {}, status: {} },
      }),
      places: fixedPlaces([destination]),
      transport: pushTransport(listener),
      direct,
      clusterName: 'bench',
      identity: { clusterUid: 'cluster-1', installation: 'i', namespaceUidOf: () => 'namespace-1' },
      helperSettings: exampleHelperSettings,
      waitLimits: sameLimits(60_000),
      runTimeoutMs: 3_600_000,
      unpacking: lane(1),
      // As all but the first and every tenth archive there: the server is asked.
      proofPlans: (_, all) =>
        all.map(({ isNear }) => ({ by: isNear ? 'reading' : 'server', level })),
      version: '0.0.0',
      now: () => new Date(),
      entriesBefore: () => undefined,
    },
    () => undefined,
    new AbortController().signal
  );
  if (end.status !== 'success') throw new Error(`${end.status}: ${end.message}`);
  rmSync(archives, { recursive: true });
  mkdirSync(archives);
  const at = (stage: string): number =>
    Date.parse(end.stages?.find(each => each.stage === stage)?.startedAt ?? '');
  const seconds = (from: string, to: string) => ((at(to) - at(from)) / 1000).toFixed(1);
  return `${end.transport}; stream ${seconds('exec', 'checksum')} s, proof ${seconds(
    'publish',
    'cleanup'
  )} s`;
}

const local = localDestination(archives, { installation: 'bench' });
const server = await startVersitygw();
const bucket = await server.makeBucket();
const login = server.settings(bucket);
const offsite = s3.open(s3.settings.parse(login), {
  ...{ name: 'offsite', installation: '0123456789abcdef', workDir: root },
});

/** The same tar and igzip, and then a client that sends the finished archive. */
async function byClient(): Promise<void> {
  const file = join(root, 'client.tar.gz');
  await runs('sh', ['-c', `${ALL} -C "$1" . | igzip -1 -c >"$2"`, 'sh', volume, file]);
  const client = join(import.meta.dirname, 'support/multipart.ts');
  const env = { ...process.env, SETTINGS: JSON.stringify(login) };
  await runs(process.execPath, [client, 'store', 'by-client', file], env);
  rmSync(file);
}

const RESTIC_ENV = {
  ...process.env,
  RESTIC_REPOSITORY: `s3:${server.endpoint}/${bucket}/restic`,
  RESTIC_PASSWORD: 'of the bench',
  RESTIC_CACHE_DIR: join(root, 'cache'),
  AWS_ACCESS_KEY_ID: server.accessKeyId,
  AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
};
const restic = (...args: string[]): Promise<void> => runs(RESTIC, args, RESTIC_ENV);
const RESTIC_BACKUP = ['backup', '--quiet', '--host', 'bench', volume];

const times: Record<string, number[]> = {};
async function measure(what: string, work: () => Promise<string | void>): Promise<void> {
  execFileSync('sync');
  const cpu = process.cpuUsage();
  const below = watchBelowThis(line => !line.includes('versitygw'));
  const began = performance.now();
  const more = await work();
  const { mebibytes, cpuSeconds, lookingSeconds } = below.stop();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  (times[what] ??= []).push(seconds);
  const own = ((user + system) / 1e6 - lookingSeconds).toFixed(2);
  console.log(
    `${what.padEnd(34)} ${seconds.toFixed(
      1
    )} s; CPU of the sidecar ${own} s, of programs ${cpuSeconds.toFixed(
      1
    )} s; their sizes ${mebibytes.toFixed(0)} MiB  ${more ?? ''}`
  );
}

try {
  tree.make(volume);
  console.log(tree.says);
  await onNode();
  const doubts = directDoubts(() => performance.now());
  const WAYS: Record<string, [what: string, work: () => Promise<string | void>]> = {
    node: ['tar | igzip > file; sync', onNode],
    push: ['pushed into a directory', () => backUp(local, 'checksum')],
    client: ['tar | igzip > file; multipart client', byClient],
    's3-push': ['pushed to S3', () => backUp(offsite, 'checksum')],
    s3: ['direct to S3', () => backUp(offsite, 'checksum', doubts)],
    restic: ['restic to S3, first', () => restic(...RESTIC_BACKUP)],
    'restic-again': ['restic to S3, unchanged', () => restic(...RESTIC_BACKUP)],
    'push-first': ['pushed into a directory, unpacked', () => backUp(local, 'contents')],
  };
  const chosen = wanted.length > 0 ? wanted : Object.keys(WAYS);
  for (let round = 0; round < Number(rounds); round += 1) {
    rmSync(join(server.files, bucket, 'restic'), { recursive: true, force: true });
    await restic('init', '--quiet');
    for (const way of chosen) {
      const [what, work] = WAYS[way] ?? [];
      if (!what || !work) throw new Error(`WAY is one of ${Object.keys(WAYS).join(', ')}`);
      await measure(what, work);
    }
  }
  const middle = (what: string): number =>
    (times[what] ?? []).sort((a, b) => a - b)[(times[what]?.length ?? 1) >> 1] ?? NaN;
  const ratio = (one: string, other: string): void => {
    if (times[one] && times[other])
      console.log(`${one}: ${(middle(one) / middle(other)).toFixed(2)} times the time of ${other}`);
  };
  ratio('pushed into a directory', 'tar | igzip > file; sync');
  ratio('direct to S3', 'tar | igzip > file; multipart client');
  for (const way of ['pushed to S3', 'direct to S3']) ratio(way, 'restic to S3, first');
  console.log(`biggest size of the sidecar ${biggestRssMiB(process.pid).toFixed(0)} MiB`);
} finally {
  await cluster.stop();
  await offsite.close();
  await server.stop();
  rmSync(root, { recursive: true, force: true });
}
process.exit();
