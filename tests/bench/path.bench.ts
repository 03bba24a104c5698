/**
 * The way of a pushed archive without Kubernetes: one process is the sidecar, and the helper's commands are processes of this
 * machine. Backups into a directory, beside `tar | igzip > file; sync`, in turn: time, and the seconds of CPU.
 * usage: node tests/bench/path.bench.ts [TREE] [ROUNDS]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBackup } from '../../sidecar/src/backup/run.ts';
import { lane } from '../../sidecar/src/cluster/lane.ts';
import { localDestination } from '../../sidecar/src/destinations/directory/local.ts';
import { fixedPlaces } from '../../sidecar/src/destinations/fixedPlaces.ts';
import { listenForHelpers } from '../../sidecar/src/helper/push/listener.ts';
import { pushTransport } from '../../sidecar/src/helper/push/pushTransport.ts';
import { sameLimits } from '../../sidecar/src/helper/wait/waitLimits.ts';
import { exampleHelperSettings } from '../../sidecar/src/testing/exampleHelperSettings.ts';
import { exampleRun } from '../../sidecar/src/testing/exampleRun.ts';
import { processCluster } from '../../sidecar/src/testing/processCluster.ts';
import { testClaim } from '../../sidecar/src/testing/testClaim.ts';
import { imageEnvironment, imageFlags } from '../support/imageFlags.ts';
import { biggestRssMiB } from './support/memory.ts';
import { TREES } from './support/trees.ts';

const [treeName = 'mixed', rounds = '3', isChild] = process.argv.slice(2);
const tree = TREES[treeName];
if (!tree) throw new Error(`TREE is one of ${Object.keys(TREES).join(', ')}`);
if (!isChild) {
  const args = [...imageFlags(), import.meta.filename, treeName, rounds, 'child'];
  const env = { ...process.env, ...imageEnvironment() };
  process.exit(spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1);
}

const root = mkdtempSync(join(tmpdir(), 'nkvm-path-'));
const volume = join(root, 'volume');
const archives = join(root, 'archives');
for (const directory of [volume, archives]) mkdirSync(directory);
const ALL = `tar --create --format=posix --xattrs --xattrs-include='*' --acls --sparse --numeric-owner`;
const claim = testClaim();

async function onNode(): Promise<void> {
  const script = `${ALL} -C "$1" . | igzip -1 -c >"$2"; sync -f "$2"`;
  execFileSync('sh', ['-c', script, 'sh', volume, join(archives, 'node.tar.gz')]);
  rmSync(join(archives, 'node.tar.gz'));
}

const cluster = processCluster(volume);
const listener = await listenForHelpers({
  ...{ listenOn: '127.0.0.1', port: 0, address: '127.0.0.1', source: 'pod' },
  log: { warn: () => undefined },
});
let runs = 0;

async function pushed(level: 'checksum' | 'contents'): Promise<string> {
  runs += 1;
  const id = `01k9a2b3c4d5e6f7g8h9jk${String(runs).padStart(4, '0')}`;
  const end = await runBackup(
    { ...exampleRun({ id, status: 'running' }), ...claim, destinations: ['local'] },
    claim,
    {
      cluster,
      readClaim: async () => ({
        ...{ uid: claim.uid, labels: {}, annotations: {}, spec: {}, status: {} },
      }),
      places: fixedPlaces([localDestination(archives, { installation: 'bench' })]),
      transport: pushTransport(listener),
      clusterName: 'bench',
      identity: { clusterUid: 'cluster-1', installation: 'i', namespaceUidOf: () => 'namespace-1' },
      helperSettings: exampleHelperSettings,
      waitLimits: sameLimits(60_000),
      runTimeoutMs: 3_600_000,
      unpacking: lane(1),
      proofPlans: (_, all) => all.map(() => ({ by: 'reading', level })),
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

const times: Record<string, number[]> = {};
async function measure(what: string, work: () => Promise<string | void>): Promise<void> {
  execFileSync('sync');
  const cpu = process.cpuUsage();
  const began = performance.now();
  const more = await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  (times[what] ??= []).push(seconds);
  const own = ((user + system) / 1e6).toFixed(1);
  console.log(
    `${what.padEnd(34)} ${seconds.toFixed(1)} s; CPU of the sidecar ${own} s  ${more ?? ''}`
  );
}

try {
  tree.make(volume);
  console.log(tree.says);
  await onNode();
  for (let round = 0; round < Number(rounds); round += 1) {
    await measure('tar | igzip > file; sync', onNode);
    await measure('pushed, read back', () => pushed('checksum'));
  }
  await measure('pushed, read back and unpacked', () => pushed('contents'));
  const middle = (what: string): number =>
    (times[what] ?? []).sort((a, b) => a - b)[(times[what]?.length ?? 1) >> 1] ?? NaN;
  const ratio = middle('tar | igzip > file; sync') / middle('pushed, read back');
  console.log(`speed of the plain pipe that a pushed backup has: ${ratio.toFixed(2)}`);
  console.log(`biggest size of the sidecar ${biggestRssMiB(process.pid).toFixed(0)} MiB`);
} finally {
  await cluster.stop();
  rmSync(root, { recursive: true, force: true });
}
process.exit();
