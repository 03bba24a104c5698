import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Backup } from '../api/index.ts';
import { restoreCommand } from './archive/restoreCommand.ts';
import { admissionOf } from './backup/admission.ts';
import { backupJob } from './backup/backupJob.ts';
import { entriesBefore } from './backup/emptied.ts';
import { openNamespaces } from './backup/openNamespaces.ts';
import { rebuildHistory } from './backup/rebuildHistory.ts';
import { recover } from './backup/recover.ts';
import { runBackup } from './backup/run.ts';
import { accessOf } from './cluster/access.ts';
import { claimsOf } from './cluster/claims.ts';
import { connect } from './cluster/connection.ts';
import { eventsOf } from './cluster/events.ts';
import { execInPod, execToEnd } from './cluster/exec.ts';
import { gatewayOf } from './cluster/gateway.ts';
import { podsOf } from './cluster/pods.ts';
import { startInventory } from './cluster/startInventory.ts';
import { readConfig } from './config.ts';
import { limited } from './destinations/limited.ts';
import { localDestination } from './destinations/local.ts';
import { prepareDirectory } from './destinations/prepareDirectory.ts';
import { textOf } from './errors.ts';
import { installationId } from './helper/names.ts';
import { openHistory } from './history/openHistory.ts';
import { runIds } from './history/runId.ts';
import { rightsOf } from './http/rights.ts';
import { buildServer } from './http/server.ts';
import { startQueue } from './jobs/queue.ts';
import { backoffMs } from './jobs/retry.ts';
import { sweeperOf } from './jobs/sweep.ts';
import { eventSender } from './observe/eventSender.ts';
import { helperLeaks } from './observe/helperLeaks.ts';
import { sizeOfHistory } from './observe/historySize.ts';
import { createLog } from './observe/log.ts';
import { createMetrics } from './observe/metrics.ts';
import { becomeWriter } from './oneWriter.ts';
import { VERSION } from './version.ts';

/** Strays are rare, and harm nobody but by the room that they take. */
const SWEEP_MS = 5 * 60_000;

/** How long a call to the destination may take, streams apart. An NFS server that fails over may need a minute. */
const DESTINATION_LIMIT_MS = 120_000;

/** Puts the parts together and runs until it is told to stop. @throws Error of one line when it cannot start. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  const now = () => new Date();
  const version = VERSION;

  let stop = async (): Promise<void> => undefined;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // From the first moment on: as process 1 of a container it would not end by a signal that nobody handles.
    process.once(signal, async () => {
      log.info({ signal }, 'NKVM stops');
      await stop();
      process.exit(0);
    });
  }

  const { kubeConfig, clusterName, inPod } = connect({
    ...config.cluster,
    name: config.cluster.name,
  });
  const gateway = gatewayOf(kubeConfig);
  await prepareDirectory('NKVM_BACKUP_DIR', config.backupDir);
  await prepareDirectory('NKVM_METADATA_DB_PATH', dirname(config.metadataDbPath));
  const lease = inPod
    ? await becomeWriter({ gateway, namespace: config.namespace, http: config.http, log })
    : undefined;
  stop = async () => lease?.release();
  const installation = installationId(
    clusterName,
    inPod ? config.namespace : hostname(),
    config.metadataDbPath
  );
  const destination = limited(
    localDestination(config.backupDir, { installation }),
    DESTINATION_LIMIT_MS
  );
  const history = await openHistory(config.metadataDbPath, {
    onNotice: notice => log.warn(notice, notice.message),
    restoreCommand,
    destinations: [destination],
  });
  await rebuildHistory({ history, destination, clusterName, log });
  const pods = podsOf(gateway);
  const access = accessOf(gateway);
  const open = openNamespaces(access);
  const inventory = startInventory(gateway, { log });

  const world = {
    cluster: {
      pods,
      statusLagMs: 5_000,
      exec: execInPod.bind(undefined, gateway),
      execToEnd: execToEnd.bind(undefined, gateway),
    },
    readClaim: claimsOf(gateway),
    destination,
    clusterName,
    installation,
    image: config.helper.image,
    memoryLimit: config.helper.memoryLimit,
    podTimeoutMs: config.helper.podTimeoutMs,
    runTimeoutMs: config.helper.runTimeoutMs,
    verifyLevel: config.verifyLevel,
    version,
    now,
    entriesBefore: (run: Backup) => entriesBefore(history, run),
  };
  const metrics = createMetrics({
    depth: () => queue.depth(),
    inventory,
    history,
    historySize: () => sizeOfHistory(config.metadataDbPath, history),
    helperLeaks: helperLeaks({ pods, history, installation, now: () => performance.now() }),
  });
  const events = eventSender({
    send: eventsOf(gateway),
    now: () => performance.now(),
    log,
    onOutcome: metrics.event,
  });
  const retry = { maxAttempts: config.maxAttempts, delayMs: backoffMs };
  const onEnd = ({ id }: Backup): void => {
    const run = history.get(id); // with all of it, its start too
    if (!run || run.endedAt === null) return;
    metrics.ended(run);
    events.ended(run);
  };
  const queue = startQueue({
    history,
    kinds: {
      backup: backupJob({
        claimOf: (namespace, name) => inventory.claim(namespace, name),
        now,
        run: (run, claim, report, signal) => runBackup(run, claim, world, report, signal),
      }),
    },
    limits: { total: config.maxParallel, perNode: config.maxParallelPerNode },
    retry,
    newId: runIds(undefined, history.newestId()),
    now,
    log,
    availability: gateway.availability,
    onEnd,
  });

  const unfinished = history.unfinished();
  await recover({ history, destination, retry, now, log });
  unfinished.forEach(onEnd); // those that it has ended
  const sweep = sweeperOf({ pods, destination, installation, isUnderWay: queue.isRunning, log });
  void sweep();
  const sweeper = setInterval(sweep, SWEEP_MS);
  const server = await buildServer({
    queue,
    history,
    inventory,
    open,
    access,
    destination,
    admission: admissionOf(inventory, open),
    rights: rightsOf(access),
    maxNamespaceScan: config.maxNamespaceScan,
    installation: {
      version,
      cluster: clusterName,
      namespace: config.namespace,
      backupDir: config.backupDir,
      maxParallel: config.maxParallel,
    },
    metrics: metrics.registry,
    log,
  });
  await server.listen({ host: config.http.host, port: config.http.port });
  log.info({ addresses: server.addresses(), version, cluster: clusterName }, 'NKVM listens');

  const stopping = new AbortController();
  stop = async () => {
    stopping.abort();
    clearInterval(sweeper);
    await server.close();
    await queue.stop();
    await events.settled();
    await inventory.stop();
    await history.close();
    await lease?.release();
  };

  await inventory
    .ready(config.discoveryTimeoutMs)
    .then(() => log.info({}, 'the volumes of the cluster are known'))
    .catch(error => log.error({}, `${textOf(error)}; NKVM goes on trying`));
  await untilReady(inventory, stopping.signal);
  if (!stopping.signal.aborted) queue.resume();
}

/** Resolves when the inventory is whole, however long it takes, or `stopped`. */
async function untilReady(
  inventory: { ready(timeoutMs: number): Promise<void> },
  stopped: AbortSignal
): Promise<void> {
  while (!stopped.aborted) {
    try {
      return await inventory.ready(60_000);
    } catch {
      // The inventory logs what is missing; a queued run can wait.
    }
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`nkvm: ${textOf(error)}\n`);
  process.exit(2);
});
