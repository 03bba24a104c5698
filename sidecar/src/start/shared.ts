import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { connect } from '../cluster/gateway/connection.ts';
import { gatewayOf } from '../cluster/gateway/gateway.ts';
import { podsOf } from '../cluster/gateway/pods.ts';
import { readClusterUid } from '../cluster/inventory/namespaces.ts';
import { histories } from '../clusters/histories.ts';
import { serverHost } from '../clusters/looks/clusterLooks.ts';
import type { Config } from '../config.ts';
import { prepareDirectory } from '../destinations/directory/prepareDirectory.ts';
import { textOf } from '../errors.ts';
import { noFence } from '../fence.ts';
import { helperImageOf } from '../helper/settings/helperImage.ts';
import { openDoor } from '../http/entry/door.ts';
import { installationId } from '../identity.ts';
import { createLog } from '../observe/log.ts';
import { serveWebhook } from '../policy/webhook/serveWebhook.ts';
import { VERSION } from '../version.ts';
import { startAudit } from './audit.ts';
import { startClusters } from './clusters.ts';
import { startDoctor } from './doctor.ts';
import type { ClusterParts } from './foundations.ts';
import { startHistory } from './history.ts';
import type { Lifecycle } from './lifecycle.ts';
import { holdDatabase } from './oneProcess.ts';
import { becomeWriter } from './oneWriter.ts';
import { startPlaces } from './places.ts';
import { recordPlaces } from './recordPlaces.ts';
import { untilDone } from './untilDone.ts';

/** How long a call to the destination may take, streams apart. An NFS server that fails over may need a minute. */
const DESTINATION_LIMIT_MS = 120_000;

const STOP_LEASE_MS = 5_000;

/** The parts that exist once, however many clusters there are. */
export type Shared = Awaited<ReturnType<typeof startShared>>;

/**
 * Starts what exists once: the HTTP server, which answers that NKVM is starting, the right to write, the destinations, and what
 * they need of NKVM's own cluster.
 */
export async function startShared(
  life: Lifecycle,
  config: Config,
  log: ReturnType<typeof createLog>
) {
  const now = () => new Date();
  const { kubeConfig, clusterName, inPod } = connect(config.cluster);

  const door = await life.start({
    name: 'the HTTP server',
    start: () => openDoor(config.http, life.waitsFor, log),
    stop: opened => opened.close(),
  });
  log.info(
    { addresses: [door.address], version: VERSION, cluster: clusterName },
    'NKVM is listening'
  );
  const { webhook } = config;
  if (webhook) {
    // Early: it needs nothing of what follows, and the API server refuses labelled claims until it answers.
    await life.start({
      name: 'the webhook',
      start: () => serveWebhook({ host: config.http.host, ...webhook, log }),
      stop: served => served.stop(),
    });
  }
  const gateway = await life.start({
    name: 'the way to the API server',
    start: () => gatewayOf(kubeConfig),
    stop: opened => opened.stop(),
  });
  const { doctor, learn } = await startDoctor({
    ...{ life, config, log, gateway, inPod, clusterName },
  });
  await prepareDirectory('NKVM_BACKUP_DIR', config.backupDir);
  await prepareDirectory('NKVM_METADATA_DB_PATH', dirname(config.metadataDbPath));

  await life.start({
    name: 'the lock of the history',
    start: async () => (inPod ? undefined : await holdDatabase(config.metadataDbPath)),
    stop: held => held?.release(),
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
  learn({ lease });

  const history = await startHistory(life, config.metadataDbPath, { config, fence, log });
  learn({ history });

  const audit = await startAudit({ life, config, cluster: clusterName, fence, now, log });

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
  learn({ clusterUid });
  const pods = podsOf(gateway);
  const helperImage = await life.start({
    name: 'the image of helper pods',
    start: signal =>
      untilDone({ name: 'reading the own pod', retryMs: 5_000, signal, log }, () =>
        helperImageOf({
          ...{ pods, log, signal },
          set: config.helper.image,
          ownPod: inPod ? { namespace: config.namespace, name: hostname() } : undefined,
        })
      ),
  });
  log.info({ image: helperImage }, 'helper pods use this image');
  const place = inPod ? config.namespace : hostname();
  const installation = installationId(clusterUid, place, config.metadataDbPath);
  const places = await startPlaces({
    ...{ life, config, log, gateway, fence, installation, limitMs: DESTINATION_LIMIT_MS },
  });
  learn({ helperImage, places });
  const destination = places.local;
  const describePlaces = () =>
    history.describe(places.all().map(({ name: id, kind, location }) => ({ id, kind, location })));
  describePlaces();
  places.onChange(describePlaces);
  recordPlaces(places, audit);

  const clusters = await startClusters({
    ...{ life, config, log, gateway, now },
    own: { name: clusterName, uid: clusterUid, server: serverHost({ kubeConfig }) },
  });

  /** The cluster that NKVM runs in, or beside. */
  const own: ClusterParts = {
    ...{ isOwn: true, clusterName, clusterUid, gateway, history },
    historyPath: config.metadataDbPath,
  };
  const all = histories();
  all.add(undefined, history);
  return {
    ...{ life, config, log, now, door, lease, fence, audit, places, destination, helperImage },
    ...{ installation, own, histories: all, clusters, doctor, learn },
  };
}
