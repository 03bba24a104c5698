import type { ClusterRoutesWorld, OtherClusters } from '../http/clusters/clusters.ts';
import { remoteRights } from '../http/clusters/remoteRights.ts';
import type { Rights } from '../http/rights/rights.ts';
import { rightsOf } from '../http/rights/rights.ts';
import { tokenReviews } from '../http/rights/tokenReviews.ts';
import type { ClusterWorlds } from './clusterWorlds.ts';
import type { World } from './world.ts';

/** @param own rights in NKVM's own cluster @returns the other clusters as routes see them */
export function otherClusters(
  { histories, config }: Pick<World, 'histories' | 'config'>,
  own: Rights,
  worlds: ClusterWorlds
): OtherClusters {
  const made = new WeakMap<World, ClusterRoutesWorld>();
  const routesOf = (world: World): ClusterRoutesWorld => {
    const known = made.get(world);
    if (known) return known;
    const { clusterName: cluster, history, inventory, access, open, coverage, runs, life } = world;
    const { retention } = world;
    const { queue, admission, restores } = runs;
    const { readsAs } = world;
    const there = rightsOf(access, undefined, cluster);
    const isGone = () => life.signal.aborted;
    const routes = {
      ...{ cluster, queue, history, admission, inventory, open, coverage, retention, readsAs },
      ...{ restores: restores.engine, drills: restores.engine },
      rights: remoteRights({ cluster, own, there, namespace: config.namespace, isGone }),
      reviews: tokenReviews(access),
    };
    made.set(world, routes);
    return routes;
  };
  return {
    names: worlds.names,
    of(cluster) {
      const now = worlds.of(cluster);
      switch (now?.state) {
        case undefined:
          return undefined;
        case 'ready':
          return { world: routesOf(now.world) };
        case 'refused':
          return { problem: { ...now.problem, isPassing: false } };
        case 'starting':
          return {
            problem: {
              reason: 'ClusterUnreachable',
              message: `cluster ${cluster} cannot be used yet: ${now.why}`,
              hint: 'see whether its API server can be reached from NKVM; NKVM tries again every few seconds',
              isPassing: true,
            },
          };
      }
    },
    find: histories.find,
  };
}
