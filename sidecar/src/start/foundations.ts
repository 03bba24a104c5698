import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { restoreCommand } from '../archive/restoreCommand.ts';
import { openNamespaces } from '../backup/request/openNamespaces.ts';
import { accessOf } from '../cluster/gateway/access.ts';
import { connect } from '../cluster/gateway/connection.ts';
import { gatewayOf } from '../cluster/gateway/gateway.ts';
import { podsOf } from '../cluster/gateway/pods.ts';
import { readClusterUid } from '../cluster/inventory/namespaces.ts';
import { startInventory } from '../cluster/inventory/startInventory.ts';
import type { Config } from '../config.ts';
import { localPlace } from '../destinations/directory/local.ts';
import { prepareDirectory } from '../destinations/directory/prepareDirectory.ts';
import { textOf } from '../errors.ts';
import { noFence } from '../fence.ts';
import { ownHelpers } from '../helper/ownHelper.ts';
import { helperImageOf } from '../helper/settings/helperImage.ts';
import { openHistory } from '../history/openHistory.ts';
import { runIds } from '../history/runId.ts';
import { openDoor } from '../http/entry/door.ts';
import type { Identity } from '../identity.ts';
import { installationId } from '../identity.ts';
import type { Lifecycle } from '../lifecycle.ts';
import { createLog } from '../observe/log.ts';
import { holdDatabase } from '../oneProcess.ts';
import { becomeWriter } from '../oneWriter.ts';
import { serveWebhook } from '../policy/webhook/serveWebhook.ts';
import { looksOf } from '../restore/plan/looks.ts';
import { untilDone } from '../untilDone.ts';
import { VERSION } from '../version.ts';
import { startPlaces } from './places.ts';

/** How long a call to the destination may take, streams apart. An NFS server that fails over may need a minute. */
const DESTINATION_LIMIT_MS = 120_000;

/**
 * Kubernetes gives the pod 60 s. Runs delete their helpers (runs.ts: 32 s), the history writes a last checkpoint, and the Lease
 * must be given back even if all of that takes as long as it may.
 */
const STOP_HISTORY_MS = 8_000;
const STOP_LEASE_MS = 5_000;

/** The parts that all others need. */
export type Foundations = Awaited<ReturnType<typeof startFoundations>>;

/**
 * Starts what everything else needs: the HTTP server, which answers that NKVM is starting, the way to the cluster, the right
 * to write, the history, the destinations, and the inventory.
 */
export async function startFoundations(
  life: Lifecycle,
  config: Config,
  log: ReturnType<typeof createLog>
) {
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
  const { webhook } = config;
  if (webhook) {
    // Early: it needs nothing of what follows, and the API server refuses labelled claims until it answers.
    await life.start({
      name: 'the webhook',
      start: () => serveWebhook({ host: config.http.host, ...webhook, log }),
      stop: served => served.stop(),
    });
  }
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
  const destination = places.local;
  const describePlaces = () =>
    history.describe(places.all().map(({ name: id, kind, location }) => ({ id, kind, location })));
  describePlaces();
  places.onChange(describePlaces);

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
  const access = accessOf(gateway);
  const open = openNamespaces(access);
  return {
    ...{
      life,
      config,
      log,
      now,
      door,
      gateway,
      lease,
      fence,
      history,
      places,
      destination,
      looks,
      inventory,
    },
    ...{ helperImage, clusterName, clusterUid, installation, identity, pods, access, open },
  };
}
