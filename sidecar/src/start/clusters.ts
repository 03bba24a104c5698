import type { Gateway } from '../cluster/gateway/gateway.ts';
import { watchClusterSecrets } from '../cluster/inventory/clusterSecrets.ts';
import { clusterSecretWrites } from '../cluster/writes/clusterSecretWrites.ts';
import type { ClusterConnections } from '../clusters/connections.ts';
import { connectionsOf } from '../clusters/connections.ts';
import { clusterLooks } from '../clusters/looks/clusterLooks.ts';
import type { ClusterRegistry } from '../clusters/registry.ts';
import { registryOf } from '../clusters/registry.ts';
import { watchClusterFiles } from '../clusters/sources/clusterFiles.ts';
import type { Config } from '../config.ts';
import type { OwnCluster } from '../http/routes/clusterRoutes.ts';
import type { Log } from '../log.ts';
import { within } from '../within.ts';
import type { Lifecycle } from './lifecycle.ts';

export interface ClustersStart {
  life: Lifecycle;
  config: Config;
  log: Log;
  gateway: Pick<Gateway, 'json' | 'stream'>;
  /** The cluster of NKVM. */
  own: { name: string; uid: string; server: string };
  now: () => Date;
}

/** Clusters other than NKVM's own: the ways to them, and what people who look after them need. */
export interface Clusters {
  connections: ClusterConnections;
  registry: ClusterRegistry;
  ownCluster: OwnCluster;
}

/**
 * Starts the connections to clusters other than NKVM's own. They are known when the promise resolves, unless the API server refuses
 * to list their Secrets: a run that was interrupted must find its cluster. None of them is waited for.
 */
export async function startClusters(start: ClustersStart): Promise<Clusters> {
  const { life, config, log, gateway, own, now } = start;
  const { dir, isLoopbackAllowed } = config.clusters;
  const { namespace } = config;
  const secrets = await life.start({
    name: 'the Secrets of clusters',
    async start(signal, say) {
      say('the Secrets of clusters are not known yet');
      const watched = watchClusterSecrets(gateway, { namespace, log });
      await within(signal, watched.firstAnswer).catch(async error => {
        await watched.stop();
        throw error;
      });
      return watched;
    },
    stop: watched => watched.stop(),
  });
  const files = await life.start({
    name: 'the kubeconfigs of clusters',
    async start() {
      const watched = dir === undefined ? undefined : watchClusterFiles(dir);
      await watched?.firstAnswer;
      return watched;
    },
    stop: watched => watched?.stop(),
  });
  const connections = await life.start({
    name: 'the connections to clusters',
    start: () => connectionsOf({ secrets, files, ownName: own.name, isLoopbackAllowed, log }),
    stop: opened => opened.stop(),
  });
  const looks = await life.start({
    name: 'the look at clusters',
    start: () => clusterLooks({ connections, own, now, isLoopbackAllowed }),
    stop: started => started.stop(),
  });
  const writes = clusterSecretWrites(gateway, namespace);
  return {
    connections,
    registry: registryOf({
      ...{ connections, looks, writes, namespace, isLoopbackAllowed },
      ownName: own.name,
    }),
    ownCluster: { uid: own.uid, server: own.server, version: () => versionOf(gateway) },
  };
}

/** @returns null where the API server did not say. */
const versionOf = (gateway: Pick<Gateway, 'json'>): Promise<string | null> =>
  gateway.json<{ gitVersion?: string }>({ path: '/version', limitMs: 2_000 }).then(
    ({ gitVersion }) => gitVersion ?? null,
    () => null
  );
