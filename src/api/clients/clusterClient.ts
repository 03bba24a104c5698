import type { AddCluster, ClusterCheck, ClusterList, ReplaceCluster } from '../../../sidecar/api';
import type { Connection } from '../session/connection';
import type { At } from './restoreClient';

/** The sidecar's API of the clusters that it backs up, typed. Every call throws what `Send` throws. */
export interface ClusterClient {
  clusters(at?: At): Promise<ClusterList>;
  add(request: AddCluster, at?: At): Promise<ClusterCheck>;
  replace(name: string, request: ReplaceCluster, at?: At): Promise<ClusterCheck>;
  remove(name: string, at?: At): Promise<void>;
}

export function clusterClient({ send }: Pick<Connection, 'send'>): ClusterClient {
  const all = '/api/v1/clusters';
  const one = (name: string) => `${all}/${encodeURIComponent(name)}`;
  return {
    clusters: async at => (await send({ path: all, ...at })).json(),
    add: async (body, at) =>
      (await send({ path: all, method: 'POST', body, isConfidential: true, ...at })).json(),
    replace: async (name, body, at) =>
      (await send({ path: one(name), method: 'PUT', body, isConfidential: true, ...at })).json(),
    remove: async (name, at) => void (await send({ path: one(name), method: 'DELETE', ...at })),
  };
}
