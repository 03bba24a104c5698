import { Readable } from 'node:stream';
import type { Backup } from '../../sidecar/api/index.ts';
import { backupJob } from '../../sidecar/src/backup/backupJob.ts';
import { entriesBefore } from '../../sidecar/src/backup/emptied.ts';
import { rebuildHistory } from '../../sidecar/src/backup/rebuildHistory.ts';
import { recover } from '../../sidecar/src/backup/recover.ts';
import { runBackup } from '../../sidecar/src/backup/run.ts';
import { deleteUnproven, UNPROVEN_AGE_MS } from '../../sidecar/src/backup/unproven.ts';
import { lane } from '../../sidecar/src/cluster/gateway/lane.ts';
import type { Destination } from '../../sidecar/src/destinations/destination.ts';
import { localDestination } from '../../sidecar/src/destinations/directory/local.ts';
import { directDoubts } from '../../sidecar/src/helper/direct/doubts.ts';
import type { PushListener } from '../../sidecar/src/helper/push/listener.ts';
import { listenForHelpers } from '../../sidecar/src/helper/push/listener.ts';
import { pushTransport } from '../../sidecar/src/helper/push/pushTransport.ts';
import type { Transport } from '../../sidecar/src/helper/transport.ts';
import { sameLimits } from '../../sidecar/src/helper/wait/waitLimits.ts';
import type { History } from '../../sidecar/src/history/history.ts';
import { openHistory } from '../../sidecar/src/history/openHistory.ts';
import { runIds } from '../../sidecar/src/history/runId.ts';
import type { Queue } from '../../sidecar/src/jobs/queue/queue.ts';
import { startQueue } from '../../sidecar/src/jobs/queue/queue.ts';
import { sweeperOf } from '../../sidecar/src/jobs/sweep.ts';
import type { Log } from '../../sidecar/src/log.ts';
import type { Preparations } from '../../sidecar/src/start/preparations.ts';
import { preparations } from '../../sidecar/src/start/preparations.ts';
import { fixedPlaces } from '../../sidecar/src/testing/destinations/fixedPlaces.ts';
import { exampleHelperSettings } from '../../sidecar/src/testing/helper/exampleHelperSettings.ts';
import type { ModelBucket } from './bucket.ts';
import type { ModelCluster } from './cluster.ts';
import { passing as inLife } from './cluster.ts';
import type { Disk } from './disk.ts';
import type { Life } from './life.ts';
import type { Transport as TransportName } from './transports.ts';

/** What a sidecar finds when it starts, and leaves when it ends. */
export interface Surroundings {
  installation: string;
  historyPath: string;
  /** Directory of the archives; another installation may use it, too. */
  archives: string;
  cluster: ModelCluster;
  /** How the archives leave their helpers. */
  transport: TransportName;
  /** Where the archives are, instead of a directory. */
  bucket: ModelBucket | undefined;
  disk: Disk;
  now(): Date;
  log: Log;
  /** Called with every run that has ended. */
  onEnd(run: Backup): void;
}

/** The product's parts, put together as `start/` does it, without HTTP and without a real API server. */
export interface ModelSidecar {
  queue: Queue;
  history: History;
  destination: Destination;
  prepared: Preparations;
  /** Deletes everything that no run owns, archives that became old without a manifest, too. */
  sweep(): Promise<void>;
  stop(): Promise<void>;
}

/** Runs side by side in one installation. */
export const LIMIT = 2;
/** A direct upload that failed is tried again so soon, or sequences would have no other one. */
const DOUBT_MS = 100;
/** Shorter absences of the API server count as attempts. */
export const OUTAGE_MS = 50;

const retry = { maxAttempts: 2, delayMs: () => 5 };

/** Never resolves when `life` ends meanwhile. */
export async function startModelSidecar(around: Surroundings, life: Life): Promise<ModelSidecar> {
  const { cluster, disk, now, installation, archives, log } = around;
  const identity = {
    clusterUid: 'uid of the cluster',
    installation,
    namespaceUidOf: () => 'uid of the namespace',
  };
  const destination = around.bucket
    ? await around.bucket.openFor(life, installation)
    : passing(
        localDestination(archives, { installation, files: disk.archiveFilesFor(life) }),
        life
      );
  const history = await openHistory(around.historyPath, {
    now,
    files: disk.historyFilesFor(life),
    checkpointDelayMs: 20,
    checkpointRetryMs: 20,
    writeRetryMs: 20,
    noteDelayMs: 20,
    reserveBytes: 0,
    destinations: [destination],
  });
  const helpers = cluster.helpersFor(life);
  const listener = around.transport === 'push' ? await listening(life) : undefined;
  const world = {
    cluster: helpers,
    ...(listener && { transport: pushedIn(life, listener) }),
    ...(around.bucket && { direct: directDoubts(() => performance.now(), DOUBT_MS) }),
    readClaim: cluster.readClaimFor(life),
    places: fixedPlaces([destination]),
    clusterName: 'model',
    identity,
    helperSettings: exampleHelperSettings,
    waitLimits: sameLimits(5_000),
    runTimeoutMs: 60_000,
    unpacking: lane(1),
    proofPlans: (_run: Backup, all: readonly Destination[]) =>
      all.map(() => ({ by: 'reading' as const, level: 'checksum' as const })),
    version: '0.0.0',
    now,
    entriesBefore: (run: Backup) => entriesBefore(history, run),
  };
  const onEnd = ({ id }: Backup): void => {
    const run = history.get(id);
    if (run && run.endedAt !== null) around.onEnd(run);
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
    availability: cluster.availability,
    outageMs: OUTAGE_MS,
    recordEveryMs: 5,
    newId: runIds(
      {
        now: () => now().getTime(),
        random: bytes => crypto.getRandomValues(new Uint8Array(bytes)),
      },
      history.newestId()
    ),
    now,
    log,
    onEnd,
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  const interrupted = history.unfinished();
  const prepared = preparations(
    {
      'runs that a restart interrupted': async () => {
        await recover({ identity, history, places: world.places, retry, now, log, signal });
        interrupted.forEach(onEnd);
      },
      'the archives at the destination': () =>
        rebuildHistory({
          history,
          destination,
          identity,
          claimUidOf: (_namespace, name) => cluster.claim(name)?.uid,
          log,
          limitMs: 60_000,
          signal,
        }),
    },
    { signal, log, onDone: () => queue.resume(), retryMs: 5, patienceMs: 3_600_000 }
  );
  const sweep = sweeperOf({
    pods: helpers.pods,
    sweepDestinations: () => destination.sweep(),
    installation,
    isUnderWay: queue.isRunning,
    log,
  });
  void sweep();
  return {
    queue,
    history,
    destination,
    prepared,
    async sweep() {
      await sweep();
      // The times of files are those of the real clock.
      const later = () => new Date(Date.now() + 2 * UNPROVEN_AGE_MS);
      await deleteUnproven({ history, destination, now: later, log, signal });
    },
    async stop() {
      stopping.abort();
      await queue.stop();
      await listener?.stop();
      await history.close();
    },
  };
}

/** Opens the port of helper pods, until the end of this life. */
async function listening(life: Life): Promise<PushListener> {
  const listener = await listenForHelpers({
    ...{ listenOn: '127.0.0.1', port: 0, address: '127.0.0.1', source: 'pod' },
    log: { warn: () => undefined },
    // Generous, so that nothing fails because this machine is busy.
    ...{ connectMs: 60_000, acceptMs: 60_000 },
  });
  void life.ended.then(() => listener.stop());
  return listener;
}

/** The pieces of an archive that is pushed are effects, too. */
function pushedIn(life: Life, listener: PushListener): Transport {
  const { deliver } = pushTransport(listener);
  return {
    async deliver(helper, options) {
      const delivery = await deliver(helper, options);
      const body = Readable.from(inLife(delivery.body, life), { objectMode: false });
      return { ...delivery, body };
    },
  };
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
