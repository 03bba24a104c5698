import { openNamespaces } from '../backup/request/openNamespaces.ts';
import { podsWhereOpen } from '../backup/request/podsWhereOpen.ts';
import { accessOf } from '../cluster/gateway/access.ts';
import type { Gateway } from '../cluster/gateway/gateway.ts';
import { podsOf } from '../cluster/gateway/pods.ts';
import type { Claim } from '../cluster/inventory/inventory.ts';
import { startInventory } from '../cluster/inventory/startInventory.ts';
import { podChanges } from '../cluster/watch/podChanges.ts';
import { remoteWatchLimits } from '../cluster/watch/watchCache.ts';
import { writesInCluster } from '../clusters/writesInCluster.ts';
import { ownHelpers } from '../helper/ownHelper.ts';
import { readsAs } from '../helper/settings/readsAs.ts';
import type { History } from '../history/history.ts';
import { runIds } from '../history/runId.ts';
import type { Identity } from '../identity.ts';
import { selectedBy } from '../policy/populate/selected.ts';
import { fillingNamespace } from '../restore/handOver/filling.ts';
import { looksOf } from '../restore/plan/looks.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Shared } from './shared.ts';

/** One cluster: its names, the way to it, and the history of its runs. */
export interface ClusterParts {
  /** Whether it is the cluster that NKVM runs in, or beside. */
  isOwn: boolean;
  /** In archive names. */
  clusterName: string;
  clusterUid: string;
  gateway: Gateway;
  history: History;
  /** Path of the file of the history. */
  historyPath: string;
}

/** The parts of one cluster that all its others need, and what exists once. */
export type Foundations = Awaited<ReturnType<typeof startFoundations>>;

/**
 * Starts the inventory of one cluster, and puts together what is asked of its API server.
 * @param life of this cluster: what is started here, and with the result, stops with it
 * @param log of this cluster
 */
export async function startFoundations(
  shared: Shared,
  cluster: ClusterParts,
  life: Lifecycle,
  log: Shared['log'] = shared.log
) {
  const { installation } = shared;
  const { history, clusterName, clusterUid } = cluster;
  const gateway = cluster.isOwn
    ? cluster.gateway
    : writesInCluster(cluster.gateway, { name: clusterName, uid: clusterUid });
  const looks = looksOf(runIds());
  const changes = podChanges();
  const inventory = await life.start({
    name: 'the inventory',
    start: () =>
      startInventory(gateway, {
        log,
        isOwnHelper: ownHelpers(installation, id => looks.get(id) ?? history.get(id)),
        onPod: changes.tell,
        ...(!cluster.isOwn && { limits: remoteWatchLimits }),
      }),
    stop: started => started.stop(),
  });
  const identity: Identity = {
    clusterUid,
    installation,
    namespaceUidOf: namespace => inventory.namespace(namespace)?.uid,
  };
  const access = accessOf(gateway);
  const { namespaceSelector: selector } = shared.config;
  const isLabelled = (namespace: string): boolean =>
    selector?.matches(inventory.namespace(namespace)?.labels ?? {}) ?? true;
  const fillings = fillingNamespace(shared.config.namespace);
  const open = openNamespaces(access, {
    // Volumes are filled in a namespace of NKVM's own.
    isSelected: selector && (name => name === fillings || isLabelled(name)),
  });
  const pods = podsOf(gateway);
  return {
    ...shared,
    ...cluster,
    ...{ life, log, looks, inventory, identity, access, gateway },
    pods: selector ? podsWhereOpen(pods, open) : pods,
    followPod: changes.follow,
    open,
    isSelected: selectedBy(isLabelled, open),
    readsAs: (claim: Claim) =>
      readsAs(
        claim,
        inventory.namespace(claim.namespace),
        shared.config.helper.settings,
        shared.config.helper.restricted
      ),
  };
}
