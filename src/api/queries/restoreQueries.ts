import { useQuery } from '@tanstack/react-query';
import type {
  Backup,
  Check,
  ForeignArchives,
  Restore,
  RestorePlan,
  StartRestore,
  VolumeRef,
} from '../../../sidecar/api';
import { ACTIVE_MS, type Asked, asked, clusterKey, IDLE_MS, queries } from '../cache';
import { restoreClient } from '../clients/restoreClient';
import { isFinal } from '../final';
import { connectionTo } from '../session/connection';
import { useFollowed } from '../streams/followed';

const clientOf = (cluster: string) => restoreClient(connectionTo(cluster));

/** One restore, followed live until it has ended. @param namespace of its target, where it is known. */
export const useRestore = (cluster: string, id: string, namespace?: string): Asked<Restore> =>
  useFollowed(cluster, {
    queryKey: [...clusterKey(cluster), 'restore', id],
    at: namespace,
    event: 'restore',
    read: connection => restoreClient(connection).restore(id, { namespace }),
    open: (connection, signal) => restoreClient(connection).events(id, { namespace, signal }),
  });

const MOST_RESTORES = 20;

/** The last restores into claims with this name, newest first, kept fresh. */
export function useRestores(cluster: string, { namespace, name }: VolumeRef): Asked<Restore[]> {
  const queryKey = [...clusterKey(cluster), 'restores', namespace, name];
  const query = useQuery(
    {
      queryKey,
      queryFn: async () =>
        (await clientOf(cluster).restores({ namespace, name, limit: MOST_RESTORES })).restores,
      refetchInterval: ({ state }) =>
        state.data?.some(({ status }) => !isFinal(status)) ? ACTIVE_MS : IDLE_MS,
    },
    queries
  );
  return asked(query, queryKey);
}

export interface AskedPlan extends Asked<RestorePlan> {
  isBusy: boolean;
  /** Looks again: something was changed. */
  again(): void;
  /** Whether so much time has passed since that the claim may have other files now. */
  isOld(): boolean;
}

const OLD_PLAN_MS = 10 * 60_000;

/**
 * What a restore will do. It is asked for once, as a look at a claim takes a helper pod.
 *
 * @param request undefined: there is nothing to ask yet.
 * @param namespace where a plain user's token is minted.
 */
export function usePlan(
  cluster: string,
  request: StartRestore | undefined,
  namespace?: string
): AskedPlan {
  const queryKey = [...clusterKey(cluster), 'plan', JSON.stringify(request)];
  const query = useQuery(
    {
      queryKey,
      queryFn: ({ signal }) => clientOf(cluster).plan(request!, { namespace, signal }),
      enabled: request !== undefined,
      staleTime: 60_000,
      gcTime: 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
    },
    queries
  );
  return {
    ...asked(query, queryKey),
    isBusy: query.isFetching,
    // A second click does not end what the first one began.
    again: () => void query.refetch({ cancelRefetch: false }),
    isOld: () => Date.now() - query.dataUpdatedAt > OLD_PLAN_MS,
  };
}

/** Archives at the destination that no backup in the history has. @param isWanted whether to ask. */
export function useArchives(
  cluster: string,
  isWanted: boolean,
  namespace?: string
): Asked<ForeignArchives> {
  const queryKey = [...clusterKey(cluster), 'archives'];
  const query = useQuery(
    {
      queryKey,
      queryFn: () => clientOf(cluster).archives({ namespace }),
      enabled: isWanted,
      staleTime: IDLE_MS,
    },
    queries
  );
  return asked(query, queryKey);
}

/** The checks of one backup, newest first, kept fresh. */
export function useChecks(cluster: string, backup: string, namespace?: string): Asked<Check[]> {
  const queryKey = [...clusterKey(cluster), 'checks', backup];
  const query = useQuery(
    {
      queryKey,
      queryFn: async () => (await clientOf(cluster).checks(backup, { namespace })).checks,
      refetchInterval: ({ state }) =>
        state.data?.some(({ status }) => !isFinal(status)) ? ACTIVE_MS : IDLE_MS,
    },
    queries
  );
  return asked(query, queryKey);
}

/** One check of a list, followed live until it has ended: the list is a moment behind. */
export function useListedCheck(cluster: string, listed: Check): Check {
  const { id, namespace } = listed;
  const isWanted = !isFinal(listed.status);
  const { value } = useFollowed<Check>(cluster, {
    queryKey: [...clusterKey(cluster), 'check', id],
    at: namespace,
    isWanted,
    event: 'check',
    read: connection => restoreClient(connection).check(id, { namespace }),
    open: (connection, signal) => restoreClient(connection).checkEvents(id, { namespace, signal }),
  });
  return isWanted && value ? value : listed;
}

/** A volume, there or gone, with a backup that has succeeded. */
export interface RestorableVolume extends VolumeRef {
  /** The id of its newest good backup. */
  newest: string;
}

const PAGE = 500;
const MOST_PAGES = 4;

/**
 * Volumes that have good backups, as far back as the last 2,000 of these lead.
 *
 * @param namespaces the namespaces to ask for where the user is not an administrator.
 */
export function useRestorableVolumes(
  cluster: string,
  namespaces: string[]
): Asked<RestorableVolume[]> {
  const queryKey = [...clusterKey(cluster), 'restorable', ...namespaces];
  const query = useQuery(
    {
      queryKey,
      queryFn: async () => {
        const { client, isAdministrator } = connectionTo(cluster);
        const asks = (await isAdministrator()) ? [undefined] : namespaces;
        const lists = await Promise.all(
          asks.map(async namespace => {
            const all: Backup[] = [];
            let cursor: string | undefined;
            for (let page = 0; page < MOST_PAGES; page += 1) {
              const answer = await client.backups({
                namespace,
                status: 'success',
                cursor,
                limit: PAGE,
              });
              all.push(...answer.backups);
              if (answer.nextCursor === null) break;
              cursor = answer.nextCursor;
            }
            return all;
          })
        );
        return restorableOf(lists.flat());
      },
      staleTime: IDLE_MS,
    },
    queries
  );
  return asked(query, queryKey);
}

/** @param backups newest first. @returns ordered by namespace, then name. */
function restorableOf(backups: Backup[]): RestorableVolume[] {
  const newest = new Map<string, RestorableVolume>();
  for (const { namespace, name, id } of backups) {
    const key = `${namespace}/${name}`;
    if (!newest.has(key)) newest.set(key, { namespace, name, newest: id });
  }
  return [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, volume]) => volume);
}
