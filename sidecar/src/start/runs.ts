import { hostname } from 'node:os';
import type { Backup } from '../../api/index.ts';
import { LOCAL_DESTINATION } from '../../api/index.ts';
import type { ChainChoice } from '../archive/chain/chooseBase.ts';
import { chooseBase } from '../archive/chain/chooseBase.ts';
import { backupJob } from '../backup/backupJob.ts';
import { baseFor } from '../backup/chain/baseFor.ts';
import type { AskForCopies } from '../backup/copies/askForCopies.ts';
import { askForCopies } from '../backup/copies/askForCopies.ts';
import { COPY_RETRY, copyJob } from '../backup/copies/copyJob.ts';
import { onReopened, outageCosts } from '../backup/copies/outageCosts.ts';
import type { OpenTarget } from '../backup/copies/targets.ts';
import { entriesBefore } from '../backup/emptied.ts';
import { proofPlansFor } from '../backup/proofLevel.ts';
import { admissionOf } from '../backup/request/admission.ts';
import { runBackup } from '../backup/run.ts';
import type { ExecOptions, ExecTarget } from '../cluster/gateway/exec.ts';
import { execInPod, execToEnd, execWithInput } from '../cluster/gateway/exec.ts';
import { lane } from '../cluster/gateway/lane.ts';
import { podLogsOf } from '../cluster/gateway/podLog.ts';
import { claimsOf } from '../cluster/inventory/claims.ts';
import { readPodLimits } from '../cluster/limits/podLimits.ts';
import type { NamespaceFact } from '../cluster/watch/facts.ts';
import { eventsOf } from '../cluster/writes/events.ts';
import { withNamedEnds } from '../clusters/namedEnds.ts';
import type { Destination } from '../destinations/destination.ts';
import { watchRoom } from '../destinations/room.ts';
import { directDoubts } from '../helper/direct/doubts.ts';
import { pushTransport } from '../helper/push/pushTransport.ts';
import { isRestricted } from '../helper/settings/readsAs.ts';
import { runIds } from '../history/runId.ts';
import { backoffMs } from '../jobs/attempts/retry.ts';
import type { JobKinds } from '../jobs/job.ts';
import { holdWhile } from '../jobs/queue/holds.ts';
import { startQueue } from '../jobs/queue/queue.ts';
import { auditRunEnds } from '../observe/auditRunEnds.ts';
import { eventForAll } from '../observe/eventForAll.ts';
import { eventSender } from '../observe/eventSender.ts';
import { helperLeaks } from '../observe/helperLeaks.ts';
import { sizeOfHistory } from '../observe/historySize.ts';
import { createMetrics } from '../observe/metrics.ts';
import { runEnds } from '../observe/runEnds.ts';
import { incrementsOf } from '../policy/wish/increments.ts';
import { wishOf } from '../policy/wish/wishOf.ts';
import { drillJob } from '../restore/check/drillJob.ts';
import { verifyJob } from '../restore/check/verifyJob.ts';
import { composeRestores } from '../restore/compose.ts';
import { fillingNamespace } from '../restore/handOver/filling.ts';
import { VERSION } from '../version.ts';
import { within } from '../within.ts';
import type { Foundations } from './foundations.ts';
import { startPush } from './push.ts';
import type { Reading } from './reading.ts';

/** Runs delete their helpers. For all that takes time at the end see shared.ts. */
const STOP_QUEUE_MS = 32_000;

/** How long a scrape waits for an answer of another cluster; one that comes later is for the next. */
const LEAKS_MS = 1_000;

/** The parts that carry out runs. */
export type Runs = Awaited<ReturnType<typeof startRuns>>;

/** Starts what carries runs out, and what tells of their ends. No run begins before `queue.resume`. */
export async function startRuns(foundations: Foundations, { archives, uploads }: Reading) {
  const { life, config, log, now, gateway, lease, fence, history, destination, looks } =
    foundations;
  const {
    helperImage,
    places,
    inventory,
    isOwn,
    clusterName,
    clusterUid,
    historyPath,
    histories,
    installation,
    identity,
    pods,
    access,
    open,
    audit,
  } = foundations;

  const leaks = helperLeaks({ pods, history, installation, now: () => performance.now() });
  const metrics = createMetrics(
    {
      depth: () => queue.depth(),
      inventory,
      history,
      inventoryProblems: () => inventory.problems().length,
      isHistoryReadOnly: () => history.isReadOnly(),
      historySize: () => sizeOfHistory(historyPath, history),
      // The metrics of all clusters are one answer, which waits for no other cluster.
      helperLeaks: () => (isOwn ? leaks() : within(AbortSignal.timeout(LEAKS_MS), leaks())),
    },
    isOwn ? undefined : clusterName
  );
  const events = await life.start({
    name: 'the Events on claims',
    start: () =>
      eventSender({
        send: eventForAll(eventsOf(gateway), places),
        now: () => performance.now(),
        log,
        onOutcome: metrics.event,
      }),
    stop: sender => sender.settled(),
  });
  const onEnd = runEnds({ history, metrics, events, audit: auditRunEnds(audit, clusterName) });
  // The address of the port is one of NKVM's own cluster: in another one, anything may have it.
  const push = isOwn ? await startPush(life, config, { log, metrics }) : undefined;

  const incrementsFor = ({ namespace, name }: Backup): ReturnType<typeof incrementsOf> => {
    const claim = inventory.claim(namespace, name);
    if (!claim) return { mode: 'off', isHourly: false };
    const { timeZone } = config.schedules;
    const wish = wishOf(claim, inventory.namespace(namespace), { clusterUid, timeZone });
    return incrementsOf(wish, config.incremental);
  };

  const backupWorld = {
    cluster: {
      pods,
      readPodLimits: readPodLimits.bind(undefined, gateway),
      nodes: inventory.nodes,
      follow: foundations.followPod,
      statusLagMs: 15_000, // of a busy kubelet
      exec: (target: ExecTarget, command: readonly string[], options: ExecOptions = {}) =>
        execInPod(gateway, target, command, { silenceMs: config.helper.silenceMs, ...options }),
      execWithInput: (target: ExecTarget, command: readonly string[], options: ExecOptions = {}) =>
        execWithInput(gateway, target, command, { silenceMs: config.helper.silenceMs, ...options }),
      execToEnd: execToEnd.bind(undefined, gateway),
    },
    ...(push && { push, transport: pushTransport(push) }),
    readClaim: claimsOf(gateway),
    claimNow: (namespace: string, name: string) => inventory.claim(namespace, name),
    ...{ places, destination },
    roomOf: async (name: string) => (name === LOCAL_DESTINATION ? await room.look() : undefined),
    clusterName,
    identity,
    helperSettings: { image: helperImage, ...config.helper.settings },
    readsAs: foundations.readsAs,
    waitLimits: config.helper.waitLimits,
    runTimeoutMs: config.helper.runTimeoutMs,
    stallMs: config.helper.stallMs,
    withoutBlocks: new Set<string>(),
    version: VERSION,
    now,
    entriesBefore: (run: Backup) => entriesBefore(history, run),
    chooseBase: (
      run: Backup,
      targets: readonly OpenTarget[],
      patterns: readonly string[]
    ): ChainChoice =>
      chooseBase({
        ...incrementsFor(run),
        isScheduled: run.priority === 'scheduled',
        isFullAsked: run.form === 'full',
        isSafety: run.priority === 'restore',
        isStoredUnpacked: targets.some(({ form }) => form === 'tar'),
        base: baseFor(
          history,
          run,
          targets.map(({ name }) => name)
        ),
        patterns,
        now: now(),
      }),
    unpacking: lane(1),
    ...(config.directTransfers === 'auto' && { direct: directDoubts(() => performance.now()) }),
    proofPlans: (run: Backup, destinations: readonly Destination[]) =>
      proofPlansFor(run, destinations, {
        history,
        usual: config.verifyLevel,
        contentsEvery: config.verifyContentsEvery,
      }),
  };
  const costs = outageCosts(places);
  const retry = { maxAttempts: config.maxAttempts, delayMs: backoffMs };
  const isRestrictedHere = (namespace: NamespaceFact): boolean =>
    config.helper.settings.runAsUser === 0 && isRestricted(namespace, config.helper.restricted);
  const restores = composeRestores({
    uploadOf: id => (isOwn ? uploads.find(id) : undefined),
    elsewhere(id) {
      const found = histories.find(id);
      return found && { run: found.run, cluster: found.cluster ?? null };
    },
    ...{ gateway, history, inventory, places, access, installation, fence, looks, log, now },
    helpers: backupWorld,
    fillings: fillingNamespace(config.namespace),
    ...(config.namespaceSelector && { open }),
    isRestricted: isRestrictedHere,
    archives: () => archives,
    running: () => queue.running(),
    podsGoneMs: config.scaleDownTimeoutMs,
    carryOut: (...args) => queue.carryOut(...args),
    room: () => room.look(),
  });
  const kindsHere = (kinds: JobKinds): JobKinds =>
    isOwn ? kinds : withNamedEnds(kinds, clusterName, gateway.availability.isAway);
  const kinds = kindsHere({
    backup: backupJob({
      claimOf: (namespace, name) => inventory.claim(namespace, name),
      nodes: inventory.nodes,
      now,
      run: (run, claim, report, signal) =>
        runBackup(run, claim, { ...backupWorld, outageCosts: costs }, report, signal),
    }),
    restore: restores.kind,
    verify: verifyJob({ ...backupWorld, history, archives }),
    drill: drillJob({
      ...restores.world,
      isRestricted: isRestrictedHere,
      readPodLog: podLogsOf(gateway),
    }),
    copy: copyJob({ ...backupWorld, history, retry: COPY_RETRY, installation }),
  });
  const queue = await life.start({
    name: 'the queue',
    start: () =>
      startQueue({
        history,
        kinds,
        limits: {
          total: isOwn ? config.maxParallel : config.eachCluster.maxParallel,
          perNode: config.maxParallelPerNode,
        },
        retry,
        availability: gateway.availability,
        placeOf: namespace => ({
          clusterUid,
          namespaceUid: identity.namespaceUidOf(namespace) ?? null,
        }),
        newId: runIds(undefined, history.newestId()),
        now,
        log,
        onDeferred: events.wanted,
        onEnd(run) {
          onEnd(run);
          void copies.of(run);
        },
      }),
    stop: started => started.stop(),
    stopLimitMs: STOP_QUEUE_MS,
  });

  const copies: AskForCopies = askForCopies({ history, queue, log });

  await life.start({
    name: 'what waits for destinations',
    start: () => onReopened(places, queue.hurry),
    stop: unfollow => unfollow(),
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
  const ownPod = { namespace: config.namespace, name: hostname() }; // in a pod, its name
  const admission = admissionOf(inventory, open, places.all, room.look, isOwn ? ownPod : undefined);
  return {
    ...{ admission },
    ...{
      metrics,
      events,
      onEnd,
      retry,
      kinds,
      restores,
      queue,
      copies,
      push,
      interrupted,
      room,
    },
  };
}
