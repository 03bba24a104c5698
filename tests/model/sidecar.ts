import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Backup } from '../../sidecar/api/index.ts';
import { backupJob } from '../../sidecar/src/backup/backupJob.ts';
import { entriesBefore } from '../../sidecar/src/backup/emptied.ts';
import { rebuildHistory } from '../../sidecar/src/backup/rebuildHistory.ts';
import { recover } from '../../sidecar/src/backup/recover.ts';
import { runBackup } from '../../sidecar/src/backup/run.ts';
import type { Destination } from '../../sidecar/src/destinations/destination.ts';
import { localDestination } from '../../sidecar/src/destinations/local.ts';
import type { History } from '../../sidecar/src/history/history.ts';
import { openHistory } from '../../sidecar/src/history/openHistory.ts';
import { runIds } from '../../sidecar/src/history/runId.ts';
import type { Queue } from '../../sidecar/src/jobs/queue.ts';
import { startQueue } from '../../sidecar/src/jobs/queue.ts';
import { sweeperOf } from '../../sidecar/src/jobs/sweep.ts';
import type { ModelCluster } from './cluster.ts';
import type { Disk } from './disk.ts';
import type { Life } from './life.ts';

/** What a sidecar finds when it starts, and leaves when it ends. */
export interface Surroundings {
  dir: string;
  cluster: ModelCluster;
  disk: Disk;
  now(): Date;
  /** Is told of every run that has ended. */
  onEnd(run: Backup): void;
}

/** The product's parts, put together as `main.ts` does it, without HTTP and without a real API server. */
export interface ModelSidecar {
  life: Life;
  queue: Queue;
  history: History;
  destination: Destination;
}

export const LIMIT = 2;
export const CLUSTER_NAME = 'model';
const INSTALLATION = 'model';
const IDENTITY = {
  clusterUid: 'uid-of-the-cluster',
  installation: INSTALLATION,
  namespaceUidOf: () => 'uid-of-the-namespace',
};

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const retry = { maxAttempts: 2, delayMs: () => 5 };

/** Never resolves when `life` ends meanwhile. */
export async function startModelSidecar(around: Surroundings, life: Life): Promise<ModelSidecar> {
  const { dir, cluster, disk, now } = around;
  const archives = join(dir, 'backups');
  mkdirSync(archives, { recursive: true });
  const destination = passing(
    localDestination(archives, { installation: INSTALLATION, files: disk.archiveFilesFor(life) }),
    life
  );
  const history = await openHistory(join(dir, 'nkvm.db'), {
    now,
    files: disk.historyFilesFor(life),
    checkpointDelayMs: 20,
    noteDelayMs: 20,
    reserveBytes: 0,
    destinations: [destination],
  });
  await rebuildHistory({
    history,
    destination,
    identity: IDENTITY,
    claimUidOf: (_namespace, name) => cluster.claim(name)?.uid,
    log: silent,
    limitMs: 60_000,
  });
  const helpers = cluster.helpersFor(life);
  const world = {
    cluster: helpers,
    readClaim: cluster.readClaimFor(life),
    destination,
    clusterName: CLUSTER_NAME,
    identity: IDENTITY,
    image: 'example/helper:1',
    memoryLimit: '512Mi',
    podTimeoutMs: 5_000,
    runTimeoutMs: 60_000,
    proofLevel: () => 'checksum' as const,
    version: '0.0.0',
    now,
    entriesBefore: (run: Backup) => entriesBefore(history, run),
  };
  const queue = startQueue({
    history,
    kinds: {
      backup: backupJob({
        claimOf: (_namespace, name) => cluster.claim(name),
        now,
        run: (run, claim, report, signal) => runBackup(run, claim, world, report, signal),
      }),
    },
    limits: { total: LIMIT, perNode: LIMIT },
    retry,
    newId: runIds(
      {
        now: () => now().getTime(),
        random: bytes => crypto.getRandomValues(new Uint8Array(bytes)),
      },
      history.newestId()
    ),
    now,
    log: silent,
    onEnd: around.onEnd,
  });
  await recover({
    identity: IDENTITY,
    history,
    destination,
    retry,
    now,
    log: silent,
  });
  const sweep = sweeperOf({
    pods: helpers.pods,
    destination,
    installation: INSTALLATION,
    isUnderWay: queue.isRunning,
    log: silent,
  });
  await sweep();
  queue.resume();
  return { life, queue, history, destination };
}

/** Its short calls are effects; the long ones are made of those of `Disk.archiveFilesFor`. */
const passing = (to: Destination, life: Life): Destination => ({
  ...to,
  stat: key => life.pass(() => to.stat(key)),
  open: key => life.pass(() => to.open(key)),
  async *list(listing) {
    const pages = to.list(listing)[Symbol.asyncIterator]();
    for (;;) {
      const { value, done } = await life.pass(() => pages.next());
      if (done) return;
      yield value;
    }
  },
  remove: key => life.pass(() => to.remove(key)),
  sweep: () => life.pass(() => to.sweep()),
});
