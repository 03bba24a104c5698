import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import type { PolicyList, Volume, VolumePolicyDetails, VolumeRef } from '../../sidecar/api';
import { type Asked, asked, clusterKey, IDLE_MS, queries } from './cache';
import { connectionTo } from './connection';
import { failureOf } from './failure';
import { policyClient } from './policyClient';

const keys = {
  list: (cluster: string, namespaces: string[]) => [
    ...clusterKey(cluster),
    'policies',
    ...namespaces,
  ],
  one: (cluster: string, { namespace, name }: VolumeRef) => [
    ...clusterKey(cluster),
    'policy',
    namespace,
    name,
  ],
  ofNamespace: (cluster: string, namespace: string) => [
    ...clusterKey(cluster),
    'namespace',
    namespace,
  ],
};

/** @returns null where the sidecar is older than its API of policies. */
async function orNull<T>(asking: Promise<T>): Promise<T | null> {
  try {
    return await asking;
  } catch (error) {
    if (failureOf(error).status === 404) return null;
    throw error;
  }
}

/**
 * Of all namespaces for an administrator, and else of those that answer.
 *
 * @throws what the first namespace threw, when none of them could be asked.
 */
async function loadList(cluster: string, namespaces: string[]): Promise<PolicyList | null> {
  const connection = connectionTo(cluster);
  const { policies } = policyClient(connection);
  if (namespaces.length === 0 || (await connection.isAdministrator())) return orNull(policies());
  const answers = await Promise.allSettled(namespaces.map(each => orNull(policies(each))));
  const lists = answers.flatMap(answer =>
    answer.status === 'fulfilled' && answer.value ? [answer.value] : []
  );
  const [first] = answers;
  if (lists.length === 0 && first?.status === 'rejected') throw first.reason;
  const [list] = lists;
  if (!list) return null;
  return {
    ...list,
    volumes: lists.flatMap(({ volumes }) => volumes),
    incomplete: lists.length < namespaces.length || lists.some(({ incomplete }) => incomplete),
  };
}

/** One cluster's policies; `value` is null where the sidecar has none. */
export type ClusterPolicies = Asked<PolicyList | null> & { cluster: string };

/**
 * What is planned for the volumes of several clusters, kept fresh.
 *
 * @param namespacesOf where to ask in a cluster as somebody who is not an administrator.
 */
export function usePolicies(
  clusters: string[],
  namespacesOf: (cluster: string) => string[]
): ClusterPolicies[] {
  const found = useQueries(
    {
      queries: clusters.map(cluster => ({
        queryKey: keys.list(cluster, namespacesOf(cluster)),
        queryFn: () => loadList(cluster, namespacesOf(cluster)),
        placeholderData: keepPreviousData,
        refetchInterval: IDLE_MS,
      })),
    },
    queries
  );
  return clusters.map((cluster, index) => ({
    cluster,
    ...asked<PolicyList | null>(found[index]!, keys.list(cluster, namespacesOf(cluster))),
  }));
}

/** What is planned for one volume, kept fresh; null where the sidecar does not know it, or has no policies. */
export function usePolicy(cluster: string, ref: VolumeRef): Asked<VolumePolicyDetails | null> {
  const queryKey = keys.one(cluster, ref);
  const query = useQuery(
    {
      queryKey,
      queryFn: () => orNull(policyClient(connectionTo(cluster)).policy(ref)),
      refetchInterval: IDLE_MS,
    },
    queries
  );
  return asked(query, queryKey);
}

/** The volumes of a namespace, and what is planned for them. */
export interface NamespaceVolumes {
  volumes: Volume[];
  /** null where the sidecar has none. */
  policies: PolicyList | null;
}

/** Both are asked for once, and kept fresh. */
export function useNamespaceVolumes(cluster: string, namespace: string): Asked<NamespaceVolumes> {
  const queryKey = keys.ofNamespace(cluster, namespace);
  const query = useQuery(
    {
      queryKey,
      queryFn: async (): Promise<NamespaceVolumes> => {
        const connection = connectionTo(cluster);
        const [{ volumes }, policies] = await Promise.all([
          connection.client.volumes(namespace),
          orNull(policyClient(connection).policies(namespace)),
        ]);
        return { volumes, policies };
      },
      refetchInterval: IDLE_MS,
    },
    queries
  );
  return asked(query, queryKey);
}
