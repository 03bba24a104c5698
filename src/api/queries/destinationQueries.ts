import { useQueries, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { CopyRun, DestinationDetails, DestinationList } from '../../../sidecar/api';
import { ACTIVE_MS, type Asked, asked, clusterKey, IDLE_MS, queries, refresh } from '../cache';
import { destinationClient } from '../clients/destinationClient';
import { failureOf } from '../failure';
import { isFinal } from '../final';
import { connectionTo } from '../session/connection';

const clientOf = (cluster: string) => destinationClient(connectionTo(cluster));

const listKey = (cluster: string, namespace?: string) => [
  ...clusterKey(cluster),
  'destinations',
  namespace,
];

const listQuery = (cluster: string, namespace?: string) => ({
  queryKey: listKey(cluster, namespace),
  queryFn: (): Promise<DestinationList> => clientOf(cluster).destinations({ namespace }),
  refetchInterval: IDLE_MS,
});

/** Where backups can go, kept fresh. @param namespace where a plain user's token is minted. */
export function useDestinations(cluster: string, namespace?: string): Asked<DestinationList> {
  const query = useQuery(listQuery(cluster, namespace), queries);
  return asked(query, listKey(cluster, namespace));
}

/** The destinations of several clusters, kept fresh. */
export function useDestinationLists(
  clusters: string[],
  namespaceOf: (cluster: string) => string | undefined
): (Asked<DestinationList> & { cluster: string })[] {
  const found = useQueries(
    { queries: clusters.map(cluster => listQuery(cluster, namespaceOf(cluster))) },
    queries
  );
  return clusters.map((cluster, index) => ({
    cluster,
    ...asked<DestinationList>(found[index]!, listKey(cluster, namespaceOf(cluster))),
  }));
}

/** How often to ask for one that is not there: its Secret may have been written a moment ago. */
const SOON_MS = 2_000;

/** One destination and what is stored there, kept fresh. */
export function useDestination(
  cluster: string,
  name: string,
  namespace?: string
): Asked<DestinationDetails> {
  const queryKey = [...clusterKey(cluster), 'destination', name];
  const query = useQuery(
    {
      queryKey,
      queryFn: () => clientOf(cluster).destination(name, { namespace }),
      refetchInterval: ({ state }) =>
        state.error && failureOf(state.error).status === 404 ? SOON_MS : IDLE_MS,
    },
    queries
  );
  return asked(query, queryKey);
}

/** A run that makes a copy, kept fresh until it has ended; then everything else is asked for again. */
export function useCopyRun(cluster: string, started: CopyRun): Asked<CopyRun> {
  const { id, namespace } = started;
  const queryKey = [...clusterKey(cluster), 'copy', id];
  const query = useQuery(
    {
      queryKey,
      queryFn: () => clientOf(cluster).copyRun(id, { namespace }),
      initialData: started,
      refetchInterval: ({ state }) =>
        state.data && isFinal(state.data.status) ? false : ACTIVE_MS,
    },
    queries
  );
  const hasEnded = isFinal(query.data.status);
  // Not while the answer is fetched: that would cancel the fetch, and begin it again for ever.
  useEffect(() => {
    if (hasEnded) void refresh(cluster);
  }, [hasEnded, cluster]);
  return asked(query, queryKey);
}

/** The runs that were started on this page, and make copies of a backup. */
export function useStartedCopies(
  cluster: string,
  backup: string
): [CopyRun[], (run: CopyRun) => void] {
  const queryKey = [...clusterKey(cluster), 'startedCopies', backup];
  const { data = [] } = useQuery<CopyRun[]>(
    { queryKey, queryFn: () => queries.getQueryData<CopyRun[]>(queryKey) ?? [], initialData: [] },
    queries
  );
  return [
    data,
    run => void queries.setQueryData<CopyRun[]>(queryKey, known => [...(known ?? []), run]),
  ];
}
