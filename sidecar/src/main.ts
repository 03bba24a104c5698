import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Backup } from '../api/index.ts';
import { restoreCommand } from './archive/restoreCommand.ts';
import { admissionOf } from './backup/admission.ts';
import { backupJob } from './backup/backupJob.ts';
import { entriesBefore } from './backup/emptied.ts';
import { heldVolumes } from './backup/heldVolume.ts';
import { openNamespaces } from './backup/openNamespaces.ts';
import { proofLevel, proofsBefore } from './backup/proofLevel.ts';
import { rebuildHistory } from './backup/rebuildHistory.ts';
import { recover } from './backup/recover.ts';
import { runBackup } from './backup/run.ts';
import { deleteUnproven } from './backup/unproven.ts';
import { archivesAt } from './browse/archives.ts';
import { isUploadKey, uploadsAt } from './browse/uploads.ts';
import { accessOf } from './cluster/access.ts';
import { claimsOf } from './cluster/claims.ts';
import { connect } from './cluster/connection.ts';
import { eventsOf } from './cluster/events.ts';
import type { ExecTarget } from './cluster/exec.ts';
import { execInPod, execToEnd, execWithInput } from './cluster/exec.ts';
import { gatewayOf } from './cluster/gateway.ts';
import { lane } from './cluster/lane.ts';
import { readClusterUid } from './cluster/namespaces.ts';
import { podLogsOf } from './cluster/podLog.ts';
import { podsOf } from './cluster/pods.ts';
import { startInventory } from './cluster/startInventory.ts';
import type { Config } from './config.ts';
import { readConfig } from './config.ts';
import { fenced } from './destinations/fenced.ts';
import { limited } from './destinations/limited.ts';
import { localDestination, localPlace } from './destinations/local.ts';
import { prepareDirectory } from './destinations/prepareDirectory.ts';
import { watchRoom } from './destinations/room.ts';
import { textOf } from './errors.ts';
import { noFence } from './fence.ts';
import { ownHelpers } from './helper/ownHelper.ts';
import { openHistory } from './history/openHistory.ts';
import { runIds } from './history/runId.ts';
import { openDoor } from './http/door.ts';
import { rightsOf } from './http/rights.ts';
import { buildServer } from './http/server.ts';
import type { Identity } from './identity.ts';
import { installationId } from './identity.ts';
import { holdWhile } from './jobs/holds.ts';
import { startQueue } from './jobs/queue.ts';
import { backoffMs } from './jobs/retry.ts';
import { sweeperOf } from './jobs/sweep.ts';
import type { Lifecycle } from './lifecycle.ts';
import { lifecycle, Stopping } from './lifecycle.ts';
import { eventSender } from './observe/eventSender.ts';
import { helperLeaks } from './observe/helperLeaks.ts';
import { sizeOfHistory } from './observe/historySize.ts';
import { createLog } from './observe/log.ts';
import { createMetrics } from './observe/metrics.ts';
import { runEnds } from './observe/runEnds.ts';
import { holdDatabase } from './oneProcess.ts';
import { becomeWriter } from './oneWriter.ts';
import { preparations } from './preparations.ts';
import { drillJob } from './restore/check/drillJob.ts';
import { scratchSweeper } from './restore/check/sweepScratch.ts';
import { verifyJob } from './restore/check/verifyJob.ts';
import { composeRestores } from './restore/compose.ts';
import { looksOf } from './restore/plan/looks.ts';
import { untilDone } from './untilDone.ts';
import { VERSION } from './version.ts';

/** Leftovers are rare, and cost nothing but space. */
const SWEEP_MS = 5 * 60_000;

/** Archives without a manifest are even rarer, and each look reads the whole directory. */
const CLEAN_ARCHIVES_MS = 60 * 60_000;

/** Soon enough for a person who wonders why a pod does not start. */
const HELD_VOLUMES_MS = 15_000;

/** An application that is down waits for it; a look costs no request. */
const LEFT_STOPPED_MS = 15_000;

/** How long a call to the destination may take, streams apart. An NFS server that fails over may need a minute. */
const DESTINATION_LIMIT_MS = 120_000;

/** Runs wait for it. What is left is done at the next start. */
const REBUILD_LIMIT_MS = 10 * 60_000;

/**
 * Kubernetes gives the pod 60 s. Runs delete their helpers, the history writes a last checkpoint, and the Lease must be
 * given back even if all of that takes as long as it may.
 */
const STOP_QUEUE_MS = 32_000;
const STOP_HISTORY_MS = 8_000;
const STOP_LEASE_MS = 5_000;

/** Starts the parts, each with what it needs of those before. They are stopped in the opposite order. */
async function start(life: Lifecycle, config: Config, log: ReturnType<typeof createLog>) {
  const now = () => new Date();
  const { kubeConfig, clusterName, inPod } = connect(config.cluster);

  const door = await life.start({
    name: 'the HTTP server',
    start: () => openDoor(config.http, life.waitsFor),
    stop: opened => opened.close(),
  });
  log.info(
    { addresses: [door.address], version: VERSION, cluster: clusterName },
    'NKVM is listening'
  );
  await prepareDirectory('NKVM_BACKUP_DIR', config.backupDir);
  await prepareDirectory('NKVM_METADATA_DB_PATH', dirname(config.metadataDbPath));

  await life.start({
    name: 'the lock of the history',
    start: async () => (inPod ? undefined : await holdDatabase(config.metadataDbPath)),
    stop: held => held?.release(),
  });

  const gateway = await life.start({
    name: 'the way to the API server',
    start: () => gatewayOf(kubeConfig),
    stop: opened => opened.stop(),
  });

  const lease = await life.start({
    name: 'the Lease, which lets one process at a time write',
    start: async (signal, say) =>
      inPod
        ? await becomeWriter({ gateway, namespace: config.namespace, log, signal, onWait: say })
        : undefined,
    stop: held => held?.release(),
    stopLimitMs: STOP_LEASE_MS,
  });
  const fence = lease ?? noFence;

  const history = await life.start({
    name: 'the history',
    start: () =>
      openHistory(config.metadataDbPath, {
        onNotice: notice => log.warn(notice, notice.message),
        restoreCommand,
        fence,
        destinations: [localPlace(config.backupDir)],
      }),
    stop: opened => opened.close(),
    stopLimitMs: STOP_HISTORY_MS,
  });

  const clusterUid = await life.start({
    name: 'the identity of the cluster',
    start: (signal, say) =>
      untilDone({ name: 'identifying the cluster', retryMs: 5_000, signal, log }, () =>
        readClusterUid(gateway, signal).catch(error => {
          say(`the cluster is not identified yet: ${textOf(error)}`);
          throw error;
        })
      ),
  });
  const place = inPod ? config.namespace : hostname();
  const installation = installationId(clusterUid, place, config.metadataDbPath);
  const destination = limited(
    fenced(localDestination(config.backupDir, { installation }), fence),
    DESTINATION_LIMIT_MS
  );

  const looks = looksOf(runIds());
  const inventory = await life.start({
    name: 'the inventory',
    start: () =>
      startInventory(gateway, {
        log,
        isOwnHelper: ownHelpers(installation, id => looks.get(id) ?? history.get(id)),
      }),
    stop: started => started.stop(),
  });
  const identity: Identity = {
    clusterUid,
    installation,
    namespaceUidOf: namespace => inventory.namespace(namespace)?.uid,
  };
  /** @returns nothing for a namespace that has just been deleted. */
  const factOf = (name: string) => {
    const fact = inventory.namespace(name);
    return fact ? [{ name, uid: fact.uid, createdAt: fact.createdAt }] : [];
  };
  const pods = podsOf(gateway);
  const access = accessOf(gateway);
  const open = openNamespaces(access);

  const metrics = createMetrics({
    depth: () => queue.depth(),
    inventory,
    history,
    inventoryProblems: () => inventory.problems().length,
    isHistoryReadOnly: () => history.isReadOnly(),
    historySize: () => sizeOfHistory(config.metadataDbPath, history),
    helperLeaks: helperLeaks({ pods, history, installation, now: () => performance.now() }),
  });
  const events = await life.start({
    name: 'the Events on claims',
    start: () =>
      eventSender({
        send: eventsOf(gateway),
        now: () => performance.now(),
        log,
        onOutcome: metrics.event,
      }),
    stop: sender => sender.settled(),
  });
  const onEnd = runEnds({ history, metrics, events });

  const backupWorld = {
    cluster: {
      pods,
      statusLagMs: 5_000,
      exec: (target: ExecTarget, command: readonly string[]) =>
        execInPod(gateway, target, command, { silenceMs: config.helper.silenceMs }),
      execWithInput: execWithInput.bind(undefined, gateway),
      execToEnd: execToEnd.bind(undefined, gateway),
    },
    readClaim: claimsOf(gateway),
    destination,
    clusterName,
    identity,
    image: config.helper.image,
    memoryLimit: config.helper.memoryLimit,
    podTimeoutMs: config.helper.podTimeoutMs,
    runTimeoutMs: config.helper.runTimeoutMs,
    version: VERSION,
    now,
    entriesBefore: (run: Backup) => entriesBefore(history, run),
    unpacking: lane(1),
    proofLevel: (run: Backup) =>
      proofLevel({
        asked: run.verify,
        usual: config.verifyLevel,
        contentsEvery: config.verifyContentsEvery,
        before: proofsBefore(history, run, config.verifyContentsEvery),
      }),
  };
  const retry = { maxAttempts: config.maxAttempts, delayMs: backoffMs };
  const archives = await life.start({
    name: 'the indexes of archives',
    start: () =>
      archivesAt({
        destination,
        log,
        mayStore: ({ key, manifest }) =>
          manifest?.installation === installation || isUploadKey(key),
      }),
    stop: opened => opened.stop(),
  });

  const uploads = await life.start({
    name: 'the uploads',
    start: () =>
      uploadsAt({
        ...{ destination, installation, log },
        maxBytes: config.uploadLimitBytes,
        floorBytes: config.minFreeBytes,
        isInUse: id =>
          history
            .unfinished()
            .some(
              ({ details }) => details?.kind === 'restore' && details.backup === `upload:${id}`
            ),
        onRemove: key => archives.forget(key),
      }),
    stop: taken => taken.stop(),
  });

  const restores = composeRestores({
    uploadOf: id => uploads.find(id),
    ...{ gateway, history, inventory, destination, access, installation, fence, looks, log, now },
    helpers: backupWorld,
    archives: () => archives,
    running: () => queue.running(),
    podsGoneMs: config.scaleDownTimeoutMs,
    carryOut: (...args) => queue.carryOut(...args),
    room: () => room.look(),
  });
  const queue = await life.start({
    name: 'the queue',
    start: () =>
      startQueue({
        history,
        kinds: {
          backup: backupJob({
            claimOf: (namespace, name) => inventory.claim(namespace, name),
            now,
            run: (run, claim, report, signal) => runBackup(run, claim, backupWorld, report, signal),
          }),
          restore: restores.kind,
          verify: verifyJob({ ...backupWorld, history }),
          drill: drillJob({ ...restores.world, readPodLog: podLogsOf(gateway) }),
        },
        limits: { total: config.maxParallel, perNode: config.maxParallelPerNode },
        retry,
        availability: gateway.availability,
        placeOf: namespace => ({
          clusterUid,
          namespaceUid: identity.namespaceUidOf(namespace) ?? null,
        }),
        newId: runIds(undefined, history.newestId()),
        now,
        log,
        onEnd,
      }),
    stop: started => started.stop(),
    stopLimitMs: STOP_QUEUE_MS,
  });

  const interrupted = history.unfinished();
  const holdForLease = holdWhile(queue.hold);
  lease?.onChange(isHeld =>
    holdForLease(isHeld ? undefined : 'the Lease could not be renewed, so nothing may be written')
  );

  const holdForRoom = holdWhile(queue.holdForRoom);
  const room = await life.start({
    name: 'the free space of the destination',
    start: () =>
      watchRoom({
        destination,
        floorBytes: config.minFreeBytes,
        onChange: problem => holdForRoom(problem?.message),
        log,
      }),
    stop: watched => watched.stop(),
  });

  const admission = admissionOf(inventory, open, room.look);
  const cleanArchives = () =>
    deleteUnproven({ history, destination, now, log, signal: life.signal });
  const prepared = await life.start({
    name: 'the preparations',
    start: signal =>
      preparations(
        {
          'runs that a restart interrupted': async () => {
            const kinds = { restore: restores.kind };
            await recover({ history, destination, identity, retry, kinds, now, log, signal });
            interrupted.forEach(onEnd); // those that it has ended
          },
          'the volumes of the cluster': async () => {
            await inventory.ready(config.discoveryTimeoutMs);
            history.fillIdentity(clusterUid, inventory.namespaces().flatMap(factOf));
          },
          'the archives at the destination': () =>
            rebuildHistory({
              history,
              destination,
              identity,
              claimUidOf: (namespace, name) => inventory.claim(namespace, name)?.uid,
              log,
              limitMs: REBUILD_LIMIT_MS,
              signal,
            }),
        },
        {
          signal,
          log,
          onDone() {
            queue.resume();
            void cleanArchives();
            void restores.tidyUp();
          },
        }
      ),
  });

  const isUnderWay = (id: string) => queue.isRunning(id) || looks.has(id);
  const sweepHelpers = sweeperOf({ pods, destination, installation, isUnderWay, log });
  const sweepScratch = scratchSweeper({ ...restores.world, inventory, isUnderWay, log });
  const sweep = () => void Promise.all([sweepHelpers(), sweepScratch()]);
  await life.start({
    name: 'the sweep',
    start() {
      sweep();
      return [setInterval(sweep, SWEEP_MS), setInterval(cleanArchives, CLEAN_ARCHIVES_MS)];
    },
    stop: timers => timers.forEach(clearInterval),
  });

  await life.start({
    name: 'the watch for workloads that a restore has left stopped',
    start: () => setInterval(() => prepared.isReady() && void restores.tidyUp(), LEFT_STOPPED_MS),
    stop: clearInterval,
  });

  await life.start({
    name: 'the watch for pods that wait for a volume',
    start: () =>
      setInterval(
        heldVolumes({
          running: queue.running,
          claimOf: (namespace, name) => inventory.claim(namespace, name),
          history,
          log,
        }),
        HELD_VOLUMES_MS
      ),
    stop: clearInterval,
  });

  const server = await life.start({
    name: 'the API',
    start: () =>
      buildServer({
        queue,
        history,
        inventory,
        open,
        access,
        destination,
        archives,
        uploads,
        admission,
        restores: restores.engine,
        drills: restores.engine,
        rights: rightsOf(access),
        maxNamespaceScan: config.maxNamespaceScan,
        installation: {
          version: VERSION,
          cluster: clusterName,
          namespace: config.namespace,
          backupDir: config.backupDir,
          maxParallel: config.maxParallel,
        },
        readiness: () => ({
          isReady: inventory.isReady() && prepared.isReady(),
          says: [
            ...prepared.left(),
            ...queue.waitsFor(),
            ...(history.problem()
              ? [`the history is read-only: ${history.problem()?.message}`]
              : []),
            ...restores.scaler.problems(),
            ...inventory.problems(),
          ],
        }),
        metrics: metrics.registry,
        log,
      }),
    stop(built) {
      door.shut();
      return built.close();
    },
  });
  await server.ready();
  door.open(server.routing);
}

/** Ends the process in order on the signals of Kubernetes and of a terminal. */
function endOnSignals(life: Lifecycle, log: ReturnType<typeof createLog>): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // From the first moment on: as process 1 of a container it would not end by a signal without a handler.
    process.once(signal, async () => {
      log.info({ signal }, 'NKVM is stopping');
      await life.stop();
      process.exit(0);
    });
  }
}

/** Starts NKVM; it runs until it is told to stop. @throws Error of one line when it cannot start. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  const life = lifecycle(log);
  endOnSignals(life, log);
  try {
    await start(life, config, log);
  } catch (error) {
    if (error instanceof Stopping || life.signal.aborted) return; // `endOnSignals` ends the process
    await life.stop();
    throw error;
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`nkvm: ${textOf(error)}\n`);
  process.exit(2);
});
