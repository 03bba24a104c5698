import { QueryClient, useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Backup, BackupList, Volume, VolumeRef } from '../../sidecar/api';
import { connectionTo } from './connection';
import { type Failure, failureOf } from './failure';
import { isFinal } from './final';
import { follow } from './follow';
import { loadVolumes } from './loadVolumes';
import type { Sidecar } from './sidecar';

/** What a view has of something that it asked for. An old value stays while a newer one cannot be had. */
export interface Asked<T> {
  value?: T;
  failure?: Failure;
}

/** What all views share. Nothing of it outlives the page. */
const queries = new QueryClient({
  // What fails is asked for again with the next poll.
  defaultOptions: { queries: { retry: false, staleTime: 1_000 } },
});

const ACTIVE_MS = 2_000;
const IDLE_MS = 15_000;

const keys = {
  cluster: (cluster: string) => ['nkvm', cluster],
  sidecar: (cluster: string, namespaces: string[]) => ['nkvm', cluster, 'sidecar', ...namespaces],
  volumes: (cluster: string) => ['nkvm', cluster, 'volumes'],
  volume: (cluster: string, { namespace, name }: VolumeRef) => [
    ...keys.cluster(cluster),
    'volume',
    namespace,
    name,
  ],
  backups: (cluster: string, { namespace, name }: VolumeRef) => [
    ...keys.cluster(cluster),
    'backups',
    namespace,
    name,
  ],
  backup: (cluster: string, id: string) => ['nkvm', cluster, 'backup', id],
};

/** Asks anew for everything of `cluster`: something was started, has ended, or somebody tries again. */
export async function refresh(cluster: string): Promise<void> {
  await queries.invalidateQueries({ queryKey: keys.cluster(cluster) });
}

/** As `refresh`, with new tokens: rights may have changed. */
export function tryAgain(cluster: string): Promise<void> {
  connectionTo(cluster).reset();
  return refresh(cluster);
}

const isActive = ({ lastBackup }: Volume) => !!lastBackup && !isFinal(lastBackup.status);
const asked = <T>({ data, error }: { data?: T; error: Error | null }): Asked<T> => ({
  value: data,
  failure: error ? failureOf(error) : undefined,
});

const sidecarQuery = (cluster: string, namespaces: string[]) => ({
  queryKey: keys.sidecar(cluster, namespaces),
  queryFn: (): Promise<Sidecar> => connectionTo(cluster).look(namespaces),
  refetchInterval: IDLE_MS,
});

/** @param namespace at hand, for those who may not have the administrator's token. */
export const useSidecar = (cluster: string, namespace?: string): Sidecar | undefined =>
  useQuery(sidecarQuery(cluster, namespace ? [namespace] : []), queries).data;

/** One cluster's part of the list of volumes. */
export interface ClusterVolumes extends Asked<Volume[]> {
  cluster: string;
  /** undefined while it is looked for. */
  sidecar?: Sidecar;
  /** Namespaces that could not be asked, where others could. */
  closed: (Failure & { namespace: string })[];
}

/** The volumes of several clusters, kept fresh. */
export function useVolumes(clusters: string[], namespaces: string[]): ClusterVolumes[] {
  const sidecars = useQueries(
    { queries: clusters.map(cluster => sidecarQuery(cluster, namespaces)) },
    queries
  );
  const lists = useQueries(
    {
      queries: clusters.map((cluster, index) => ({
        queryKey: [...keys.volumes(cluster), ...namespaces],
        queryFn: () => loadVolumes(connectionTo(cluster).client, namespaces),
        enabled: sidecars[index]?.data?.state === 'ready',
        refetchInterval: ({ state }: { state: { data?: { volumes: Volume[] } } }) =>
          state.data?.volumes.some(isActive) ? ACTIVE_MS : IDLE_MS,
      })),
    },
    queries
  );
  return clusters.map((cluster, index) => {
    const list = lists[index];
    return {
      cluster,
      sidecar: sidecars[index]?.data,
      value: list?.data?.volumes,
      failure: list?.error ? failureOf(list.error) : undefined,
      closed: list?.data?.failures ?? [],
    };
  });
}

/** One volume, kept fresh. */
export function useVolume(cluster: string, ref: VolumeRef): Asked<Volume> {
  const query = useQuery(
    {
      queryKey: keys.volume(cluster, ref),
      queryFn: () => connectionTo(cluster).client.volume(ref),
      refetchInterval: ({ state }) => (state.data && isActive(state.data) ? ACTIVE_MS : IDLE_MS),
    },
    queries
  );
  return asked(query);
}

export interface History extends Asked<Backup[]> {
  /** Loads older runs; undefined when there are none. */
  loadOlder?: () => void;
}

/** The runs of one volume, newest first, kept fresh. */
export function useBackups(cluster: string, ref: VolumeRef): History {
  const query = useInfiniteQuery(
    {
      queryKey: keys.backups(cluster, ref),
      queryFn: ({ pageParam }): Promise<BackupList> =>
        connectionTo(cluster).client.backups({ ...ref, cursor: pageParam, limit: 20 }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page: BackupList) => page.nextCursor ?? undefined,
      refetchInterval: ({ state }) =>
        state.data?.pages[0]?.backups.some(({ status }) => !isFinal(status)) ? ACTIVE_MS : IDLE_MS,
    },
    queries
  );
  const { value, failure } = asked(query);
  return {
    value: value?.pages.flatMap(page => page.backups),
    failure,
    loadOlder: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
  };
}

/**
 * One run, followed live until it has ended.
 *
 * @param namespace of its volume, where it is known.
 */
export function useBackup(cluster: string, id: string, namespace?: string): Asked<Backup> {
  const query = useQuery(
    {
      queryKey: keys.backup(cluster, id),
      queryFn: () => connectionTo(cluster).client.backup(id, namespace),
      // A run that ended does not change any more.
      staleTime: ({ state }) => (state.data && isFinal(state.data.status) ? Infinity : 1_000),
      refetchInterval: ({ state }) => (state.data ? false : IDLE_MS),
    },
    queries
  );
  const isUnderWay = query.data !== undefined && !isFinal(query.data.status);
  useEffect(() => {
    if (!isUnderWay) return;
    const end = new AbortController();
    void followInto(cluster, id, namespace, end.signal);
    return () => end.abort();
  }, [cluster, id, namespace, isUnderWay]);
  return asked(query);
}

async function followInto(
  cluster: string,
  id: string,
  namespace: string | undefined,
  signal: AbortSignal
): Promise<void> {
  const { client } = connectionTo(cluster);
  try {
    await follow({
      read: () => client.backup(id, namespace),
      open: stop => client.events(id, stop, namespace),
      onBackup(backup) {
        queries.setQueryData(keys.backup(cluster, id), backup);
        if (isFinal(backup.status)) void refresh(cluster);
      },
      signal,
    });
  } catch {
    // Gone, or no longer ours to see: asking once more shows why.
    await refresh(cluster);
  }
}
