import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Backup, Volume, VolumeRef, VolumesChange } from '../../../sidecar/api';
import {
  ACTIVE_MS,
  type Asked,
  asked,
  BEHIND_MS,
  clusterKey,
  forgetErrors,
  IDLE_MS,
  queries,
  refresh,
} from '../cache';
import { type LoadedRuns, summaryOf, withChange, withNewest, withOlder } from '../clients/patch';
import { isFinal } from '../final';
import { connectionTo, onOtherPerson } from '../session/connection';
import { useFollowed } from '../streams/followed';
import { isLive, type Sink, useLive } from '../streams/live';
import { refreshLists } from './backupLists';
import { loadAll, loadEach, type LoadedVolumes } from './loadVolumes';

export { type Asked, refresh } from '../cache';

const keys = {
  lists: (cluster: string) => [...clusterKey(cluster), 'volumes'],
  all: (cluster: string) => [...clusterKey(cluster), 'volumes', 'all'],
  each: (cluster: string, namespaces: string[]) => [
    ...clusterKey(cluster),
    'volumes',
    ...namespaces,
  ],
  volume: (cluster: string, { namespace, name }: VolumeRef) => [
    ...clusterKey(cluster),
    'volume',
    namespace,
    name,
  ],
  backups: (cluster: string, { namespace, name }: VolumeRef) => [
    ...clusterKey(cluster),
    'backups',
    namespace,
    name,
  ],
  backup: (cluster: string, id: string) => [...clusterKey(cluster), 'backup', id],
};

onOtherPerson(cluster => void forget(cluster));

/** Nothing of the person before is shown, not even for a moment. */
async function forget(cluster: string): Promise<void> {
  const queryKey = clusterKey(cluster);
  forgetErrors();
  queries.removeQueries({ queryKey, type: 'inactive' });
  await queries.resetQueries({ queryKey });
}

/**
 * Whether what is cached of these clusters belongs to the person who is logged in now. Nothing of it is shown before:
 * each login leads through another page of Headlamp.
 */
export function useConfirmed(clusters: string[]): boolean {
  const at = clusters.join('+');
  const [confirmed, setConfirmed] = useState(() => (clusters.every(hasNothing) ? at : undefined));
  const isDone = confirmed === at;
  useEffect(() => {
    if (isDone) return;
    let isOver = false;
    void Promise.all(at.split('+').map(confirm)).then(() => {
      if (!isOver) setConfirmed(at);
    });
    return () => void (isOver = true);
  }, [at, isDone]);
  return isDone;
}

/** Of a cluster that has not been asked yet there is nothing to hide. */
const hasNothing = (cluster: string): boolean =>
  queries.getQueriesData({ queryKey: clusterKey(cluster) }).length === 0;

async function confirm(cluster: string): Promise<void> {
  if (hasNothing(cluster)) return;
  const { session } = connectionTo(cluster);
  try {
    await session.confirm();
    if (session.isKnown()) return;
  } catch {
    // The API server did not tell whose it is.
  }
  await forget(cluster);
}

/** As `refresh`, with new tokens: rights may have changed. */
export function tryAgain(cluster: string): Promise<void> {
  connectionTo(cluster).reset();
  return refresh(cluster);
}

/** Forgets what was answered, too: nothing of it can be shown. */
export function startOver(cluster: string): void {
  connectionTo(cluster).reset();
  forgetErrors();
  queries.removeQueries({ queryKey: clusterKey(cluster) });
}

/** A list of so many volumes takes megabytes: without a stream it is not asked for every few seconds. */
const LONG_LIST = 500;

/** How often to ask for volumes. */
export function pollMs(isStreaming: boolean, volumes: Volume[] = []): number {
  if (isStreaming) return BEHIND_MS;
  return volumes.length <= LONG_LIST && volumes.some(isActive) ? ACTIVE_MS : IDLE_MS;
}

const isActive = ({ lastBackup }: Volume) => !!lastBackup && !isFinal(lastBackup.status);

const sink: Sink = {
  onSwitch: cluster => void refresh(cluster),
  onChange: patch,
};

function patch(cluster: string, change: VolumesChange): void {
  refreshLists(cluster, change.volumes, volumesNow(cluster));
  queries.setQueriesData<LoadedVolumes | null>({ queryKey: keys.lists(cluster) }, known => {
    // A list of some namespaces gets nothing of others.
    if (!known) return known;
    const isOfAll = '' in known.served;
    const volumes = isOfAll
      ? change.volumes
      : change.volumes.filter(({ namespace }) => namespace in known.served);
    return { ...known, volumes: withChange(known.volumes, { ...change, volumes }) };
  });
  for (const volume of change.volumes) {
    const before = queries.getQueryData<Volume>(keys.volume(cluster, volume));
    if (before) queries.setQueryData(keys.volume(cluster, volume), volume);
    const runs = queries.getQueryData<LoadedRuns>(keys.backups(cluster, volume))?.runs;
    const { lastBackup } = volume;
    const newest = runs?.find(({ id }) => id === lastBackup?.id);
    if (runs && newest?.status !== lastBackup?.status) {
      void queries.invalidateQueries({ queryKey: keys.backups(cluster, volume) });
    }
  }
  for (const ref of change.removed) {
    void queries.invalidateQueries({ queryKey: keys.volume(cluster, ref) });
  }
}

/** @returns how to find a volume in the lists as they are now, by its UID. */
function volumesNow(cluster: string): (volume: Volume) => Volume | undefined {
  const lists = queries.getQueriesData<LoadedVolumes | null>({ queryKey: keys.lists(cluster) });
  const known = new Map(
    lists.flatMap(([, list]) => (list?.volumes ?? []).map(volume => [volume.uid, volume] as const))
  );
  return ({ uid }) => known.get(uid);
}

/** Shows runs that were started just now, before the sidecar is asked again. */
export function showStarted(cluster: string, started: Backup[]): void {
  for (const run of started) {
    const withRun = (volume: Volume): Volume =>
      volume.uid === run.uid ? { ...volume, lastBackup: summaryOf(run) } : volume;
    queries.setQueriesData<LoadedVolumes | null>(
      { queryKey: keys.lists(cluster) },
      known => known && { ...known, volumes: known.volumes.map(withRun) }
    );
    queries.setQueryData<Volume>(keys.volume(cluster, run), known => known && withRun(known));
  }
}

/** One cluster's part of the list of volumes. */
export interface ClusterVolumes extends Asked<Volume[]> {
  cluster: string;
  /** Namespaces that could not be asked, where others could. */
  closed: LoadedVolumes['closed'];
  /** Not everything could be looked at. */
  incomplete: boolean;
  /** Why the list may be out of date, in sentences. */
  stale: string[];
}

/**
 * The volumes of several clusters, kept fresh.
 *
 * @param namespacesOf the namespaces to ask for where the user is not an administrator.
 */
export function useVolumes(
  clusters: string[],
  namespacesOf: (cluster: string) => string[]
): ClusterVolumes[] {
  const all = useQueries(
    {
      queries: clusters.map(cluster => ({
        queryKey: keys.all(cluster),
        /** @returns null for those who are not administrators. */
        queryFn: async (): Promise<LoadedVolumes | null> => {
          const { client, isAdministrator } = connectionTo(cluster);
          if (namespacesOf(cluster).length > 0 && !(await isAdministrator())) return null;
          const known = queries.getQueryData<LoadedVolumes | null>(keys.all(cluster));
          return await loadAll(client, known ?? undefined);
        },
        refetchInterval: ({ state }: { state: { data?: LoadedVolumes | null } }) =>
          pollMs(isLive(cluster, []), state.data?.volumes),
      })),
    },
    queries
  );
  const each = useQueries(
    {
      queries: clusters.map((cluster, index) => {
        const namespaces = namespacesOf(cluster);
        const queryKey = keys.each(cluster, namespaces);
        return {
          queryKey,
          queryFn: () =>
            loadEach(connectionTo(cluster).client, namespaces, queries.getQueryData(queryKey)),
          enabled: all[index]?.data === null,
          placeholderData: keepPreviousData,
          refetchInterval: ({ state }: { state: { data?: LoadedVolumes } }) =>
            pollMs(isLive(cluster, namespaces), state.data?.volumes),
        };
      }),
    },
    queries
  );
  return clusters.map((cluster, index) => {
    const ofAll = all[index]!;
    const ofEach = each[index]!;
    const { value, trouble } =
      ofAll.data === null
        ? asked<LoadedVolumes>(ofEach, keys.each(cluster, namespacesOf(cluster)))
        : asked<LoadedVolumes | null>(ofAll, keys.all(cluster));
    return {
      cluster,
      value: value?.volumes,
      trouble,
      closed: value?.closed ?? [],
      incomplete: value?.incomplete ?? false,
      stale: value?.stale ?? [],
    };
  });
}

/** Lets the changes of a cluster come by themselves while it is rendered. @param namespaces at hand. */
export function LiveCluster({ cluster, namespaces }: { cluster: string; namespaces: string[] }) {
  useLive(cluster, namespaces, sink);
  return null;
}

/** One volume, kept fresh. */
export function useVolume(cluster: string, ref: VolumeRef): Asked<Volume> {
  const queryKey = keys.volume(cluster, ref);
  const query = useQuery(
    {
      queryKey,
      queryFn: () => connectionTo(cluster).client.volume(ref),
      refetchInterval: ({ state }) =>
        pollMs(isLive(cluster, [ref.namespace]), state.data && [state.data]),
    },
    queries
  );
  return asked(query, queryKey);
}

export interface History extends Asked<Backup[]> {
  /** Loads older runs; undefined when there are none. @throws what the request threw. */
  loadOlder?: () => Promise<void>;
}

/** The runs of all volumes that had this name, newest first, kept fresh. */
export function useBackups(cluster: string, ref: VolumeRef): History {
  const queryKey = keys.backups(cluster, ref);
  const query = useQuery(
    {
      queryKey,
      queryFn: async (): Promise<LoadedRuns> => {
        const page = await connectionTo(cluster).client.backups({ ...ref, limit: 20 });
        return withNewest(queries.getQueryData(queryKey), page);
      },
      refetchInterval: ({ state }) => {
        if (isLive(cluster, [ref.namespace])) return BEHIND_MS;
        return state.data?.runs.some(({ status }) => !isFinal(status)) ? ACTIVE_MS : IDLE_MS;
      },
    },
    queries
  );
  const { value, trouble } = asked(query, queryKey);
  const cursor = value?.nextCursor;
  return {
    value: value?.runs,
    trouble,
    loadOlder: cursor
      ? async () => {
          const page = await connectionTo(cluster).client.backups({ ...ref, cursor, limit: 20 });
          queries.setQueryData<LoadedRuns>(queryKey, known =>
            known?.nextCursor === cursor ? withOlder(known, page) : known
          );
        }
      : undefined,
  };
}

/**
 * One run, followed live until it has ended.
 *
 * @param namespace of its volume, where it is known.
 */
export const useBackup = (cluster: string, id: string, namespace?: string): Asked<Backup> =>
  useFollowed(cluster, {
    queryKey: keys.backup(cluster, id),
    at: namespace,
    event: 'backup',
    read: ({ client }) => client.backup(id, namespace),
    open: ({ client }, signal) => client.events(id, signal, namespace),
  });
