import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import type { PolicyList, Volume, VolumePolicyDetails, VolumeRef } from '../../../sidecar/api';
import { type Asked, asked, BEHIND_MS, clusterKey, IDLE_MS, queries } from '../cache';
import { policyClient } from '../clients/policyClient';
import { failureOf } from '../failure';
import { connectionTo } from '../session/connection';

const keys = {
  all: (cluster: string) => [...clusterKey(cluster), 'policies', 'all'],
  each: (cluster: string, namespaces: string[]) => [
    ...clusterKey(cluster),
    'policies',
    'each',
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

/** A list of so many takes megabytes: it is not asked for every few seconds. */
const LONG_LIST = 500;

const pollMs = ({ state: { data } }: { state: { data?: PolicyList | null | string } }): number =>
  typeof data === 'object' && data && data.volumes.length > LONG_LIST ? BEHIND_MS : IDLE_MS;

/** In place of a list: this person asks in each namespace. */
const ASK_EACH = 'ask each';

/** Of all namespaces, for those who may have the administrator's token. */
async function loadAll(
  cluster: string,
  namespaces: string[]
): Promise<PolicyList | null | typeof ASK_EACH> {
  const connection = connectionTo(cluster);
  if (namespaces.length > 0 && !(await connection.isAdministrator())) return ASK_EACH;
  return orNull(policyClient(connection).policies());
}

/**
 * Of those namespaces that answer, for everybody else.
 *
 * @throws what the first namespace threw, when none of them could be asked.
 */
async function loadEach(cluster: string, namespaces: string[]): Promise<PolicyList | null> {
  const { policies } = policyClient(connectionTo(cluster));
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
 * @param namespacesOf the namespaces to ask for where the user is not an administrator.
 */
export function usePolicies(
  clusters: string[],
  namespacesOf: (cluster: string) => string[]
): ClusterPolicies[] {
  const all = useQueries(
    {
      queries: clusters.map(cluster => ({
        queryKey: keys.all(cluster),
        queryFn: () => loadAll(cluster, namespacesOf(cluster)),
        refetchInterval: pollMs,
      })),
    },
    queries
  );
  const each = useQueries(
    {
      queries: clusters.map((cluster, index) => ({
        queryKey: keys.each(cluster, namespacesOf(cluster)),
        queryFn: () => loadEach(cluster, namespacesOf(cluster)),
        enabled: all[index]?.data === ASK_EACH,
        placeholderData: keepPreviousData,
        refetchInterval: pollMs,
      })),
    },
    queries
  );
  return clusters.map((cluster, index) => {
    const { data, error } = all[index]!;
    return {
      cluster,
      ...(data === ASK_EACH
        ? asked<PolicyList | null>(each[index]!, keys.each(cluster, namespacesOf(cluster)))
        : asked<PolicyList | null>({ data, error }, keys.all(cluster))),
    };
  });
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
