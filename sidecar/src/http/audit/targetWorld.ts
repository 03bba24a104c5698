import type { OtherClusters } from '../clusters/clusters.ts';
import type { HttpWorld } from '../server.ts';
import type { TargetWorld } from './auditedActions.ts';

/** @returns what turns the names in requests into identities for the audit log, each in its own cluster */
export function targetWorld(
  { history, inventory, uploads, installation }: Parts,
  clusters: Pick<OtherClusters, 'find' | 'of'>
): TargetWorld {
  const ownCluster = installation.cluster;
  const inventoryOf = (cluster: string) => {
    if (cluster === ownCluster) return inventory;
    const now = clusters.of(cluster);
    return now && 'world' in now ? now.world.inventory : undefined;
  };
  return {
    ownCluster,
    runOf(id) {
      const run = history.get(id);
      if (run) return { run, cluster: ownCluster };
      const found = clusters.find(id);
      return found && { run: found.run, cluster: found.cluster ?? ownCluster };
    },
    claimUid: (cluster, namespace, name) =>
      inventoryOf(cluster)?.claim(namespace, name)?.uid ?? null,
    uploads,
  };
}

type Parts = Pick<HttpWorld, 'history' | 'inventory' | 'uploads' | 'installation'>;
