import { hashKey, QueryCache, QueryClient, type QueryKey } from '@tanstack/react-query';
import { partsOf } from './clusterRef';
import { type Trouble, troubleOf } from './trouble';

/** What a view has of something that it asked for. An old value stays while a newer one cannot be had. */
export interface Asked<T> {
  value?: T;
  trouble?: Trouble;
}

/** Why a query has no data, by the hash of its key. A query itself forgets it while it is asked again. */
const lastErrors = new Map<string, Error>();

/** What all views share. Nothing of it outlives the page, nor the person who is logged in. */
export const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, { queryHash }) => void lastErrors.set(queryHash, error),
    onSuccess: (_, { queryHash }) => void lastErrors.delete(queryHash),
  }),
  defaultOptions: {
    queries: {
      // What fails is asked for again with the next poll.
      retry: false,
      staleTime: 1_000,
      // Headlamp may be on this machine: it is asked whatever the browser says of the network.
      networkMode: 'always',
    },
  },
});
// Asks again when somebody comes back to the tab.
queries.mount();

/** Nothing is said of why requests of the person before failed. */
export const forgetErrors = (): void => lastErrors.clear();

/** How often to ask for something that nobody expects to change, and for something that goes on. */
export const IDLE_MS = 15_000;
export const ACTIVE_MS = 5_000;
/** Behind a stream of changes. */
export const BEHIND_MS = 60_000;

/** @returns what a view has of a query. */
export function asked<T>(
  { data, error }: { data?: T; error: Error | null },
  queryKey: QueryKey
): Asked<T> {
  const why = error ?? (data === undefined ? lastErrors.get(hashKey(queryKey)) : undefined);
  return { value: data, trouble: why && troubleOf(why) };
}

/**
 * The key that all answers of a cluster begin with. Those about other clusters that its NKVM backs up are among them: they came with
 * the tokens of the same person.
 */
export function clusterKey(cluster: string): QueryKey {
  const { home, name } = partsOf(cluster);
  return ['nkvm', home, ...(name === undefined ? [] : [`@${name}`])];
}

/** Asks again for everything of `cluster`: something was started, has ended, or somebody tries again. */
export async function refresh(cluster: string): Promise<void> {
  await queries.invalidateQueries({ queryKey: clusterKey(cluster) });
}
