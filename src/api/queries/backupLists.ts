import { useQueries } from '@tanstack/react-query';
import type { Backup, BackupStatus, Volume } from '../../../sidecar/api';
import { holdingBack, merged } from '../../backups/list/listed';
import { ACTIVE_MS, type Asked, asked, BEHIND_MS, clusterKey, IDLE_MS, queries } from '../cache';
import { type LoadedRuns, withNewest, withOlder } from '../clients/patch';
import { isFinal } from '../final';
import { connectionTo } from '../session/connection';
import { isLive } from '../streams/live';
import { type Trouble, troubleOf } from '../trouble';

/** What a list of backups is narrowed to. */
export interface BackupFilter {
  /** Of a claim, whatever its namespace. */
  name?: string;
  status?: BackupStatus;
  /** Name of a destination that has a copy. */
  destination?: string;
}

/** Where to ask in a cluster. */
export interface Where {
  /** Namespaces that somebody has chosen; empty for all of them. */
  selected: string[];
  /** The namespaces to ask for where the user is not an administrator. */
  atHand: string[];
}

/** One cluster's part of the list of backups. */
export interface ClusterBackups extends Asked<Backup[]> {
  cluster: string;
  /** Namespaces that could not be asked, where others could. */
  closed: { namespace: string; trouble: Trouble }[];
  /** Not everything could be looked at. */
  incomplete: boolean;
  /** Loads older runs; undefined when there are none. @throws what the request threw. */
  loadOlder?: () => Promise<void>;
}

type ListOfOne = LoadedRuns & {
  namespace: string | undefined;
  incomplete: boolean;
  hasMore: boolean;
};

interface Loaded {
  lists: ListOfOne[];
  closed: ClusterBackups['closed'];
}

const PAGE = 50;

const listsKey = (cluster: string) => [...clusterKey(cluster), 'listed'];

/** The backups of several clusters, newest first, kept fresh. */
export function useBackupLists(
  clusters: string[],
  whereIn: (cluster: string) => Where,
  filter: BackupFilter
): ClusterBackups[] {
  const keyOf = (cluster: string) => [...listsKey(cluster), whereIn(cluster), filter];
  const found = useQueries(
    {
      queries: clusters.map(cluster => ({
        queryKey: keyOf(cluster),
        queryFn: () =>
          load(cluster, whereIn(cluster), filter, queries.getQueryData(keyOf(cluster))),
        refetchInterval: ({ state }: { state: { data?: Loaded } }) => {
          if (isLive(cluster, whereIn(cluster).atHand)) return BEHIND_MS;
          const isActive = state.data?.lists.some(({ runs }) =>
            runs.some(({ status }) => !isFinal(status))
          );
          return isActive ? ACTIVE_MS : IDLE_MS;
        },
      })),
    },
    queries
  );
  return clusters.map((cluster, index) => {
    const { value, trouble } = asked<Loaded>(found[index]!, keyOf(cluster));
    const { runs, hasMore } = merged(value?.lists ?? []);
    return {
      cluster,
      value: value && runs,
      trouble,
      closed: value?.closed ?? [],
      incomplete: value?.lists.some(({ incomplete }) => incomplete) ?? false,
      loadOlder: hasMore ? () => loadOlder(cluster, keyOf(cluster), filter) : undefined,
    };
  });
}

/** @throws what the first namespace threw, when none of them could be asked. */
async function load(
  cluster: string,
  { selected, atHand }: Where,
  filter: BackupFilter,
  known: Loaded | undefined
): Promise<Loaded> {
  const { client, isAdministrator } = connectionTo(cluster);
  const isForAll = atHand.length === 0 || (await isAdministrator());
  const namespaces = !isForAll ? atHand : selected.length > 0 ? selected : [undefined];
  const answers = await Promise.allSettled(
    namespaces.map(async (namespace): Promise<ListOfOne> => {
      const page = await client.backups({ namespace, ...filter, limit: PAGE });
      const before = known?.lists.find(list => list.namespace === namespace);
      const loaded = withNewest(before, page);
      const { incomplete } = page;
      return { ...loaded, namespace, incomplete, hasMore: loaded.nextCursor !== null };
    })
  );
  const [first] = answers;
  if (first?.status === 'rejected' && answers.every(({ status }) => status === 'rejected')) {
    throw first.reason;
  }
  const loaded: Loaded = { lists: [], closed: [] };
  answers.forEach((answer, index) => {
    if (answer.status === 'fulfilled') loaded.lists.push(answer.value);
    else {
      const namespace = namespaces[index] ?? '';
      loaded.closed.push({ namespace, trouble: troubleOf(answer.reason) });
    }
  });
  return loaded;
}

async function loadOlder(
  cluster: string,
  queryKey: readonly unknown[],
  filter: BackupFilter
): Promise<void> {
  const { client } = connectionTo(cluster);
  const wanted = holdingBack(queries.getQueryData<Loaded>(queryKey)?.lists ?? []);
  const pages = await Promise.all(
    wanted.map(({ namespace, nextCursor: cursor }) =>
      client.backups({ namespace, ...filter, cursor: cursor ?? undefined, limit: PAGE })
    )
  );
  queries.setQueryData<Loaded>(queryKey, known => {
    if (!known) return known;
    const lists = known.lists.map(list => {
      const at = wanted.findIndex(({ namespace }) => namespace === list.namespace);
      const page = pages[at];
      // It may have been asked for again since.
      if (!page || list.nextCursor !== wanted[at]?.nextCursor) return list;
      return { ...list, ...withOlder(list, page), hasMore: page.nextCursor !== null };
    });
    return { ...known, lists };
  });
}

/** Asks again for the lists of a cluster where a run has begun or ended. @param before the volumes as they were. */
export function refreshLists(
  cluster: string,
  changed: Volume[],
  before: (changed: Volume) => Volume | undefined
): void {
  const isNews = changed.some(volume => {
    const known = before(volume)?.lastBackup;
    const { lastBackup: run } = volume;
    return run?.id !== known?.id || run?.status !== known?.status;
  });
  if (isNews) void queries.invalidateQueries({ queryKey: listsKey(cluster) });
}
