import { type QueryKey, useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { ACTIVE_MS, type Asked, asked, queries, refresh } from '../cache';
import { isFinal } from '../final';
import { type Connection, connectionTo } from '../session/connection';
import { follow, type Followable } from './follow';
import { wait } from './wait';
import { whileSeen } from './whileSeen';

interface Source<T> {
  queryKey: QueryKey;
  /** The namespace where a plain user's token is minted. */
  at?: string;
  /** Whether it is asked for; absent: it is. */
  isWanted?: boolean;
  /** The name of the event that brings a state. */
  event: string;
  read(connection: Connection): Promise<T>;
  /** Opens the stream of events. */
  open(connection: Connection, signal: AbortSignal): Promise<Response>;
}

/** Something that runs, followed live until it has ended, while the tab is seen. */
export function useFollowed<T extends Followable>(cluster: string, source: Source<T>): Asked<T> {
  const { queryKey, at } = source;
  const query = useQuery<T>(
    {
      queryKey,
      queryFn: () => source.read(connectionTo(cluster)),
      enabled: source.isWanted ?? true,
      // What has ended does not change any more.
      staleTime: ({ state }) => (state.data && isFinal(state.data.status) ? Infinity : 1_000),
      refetchInterval: ({ state: { data, error } }) => (data && !error ? false : ACTIVE_MS),
    },
    queries
  );
  const isUnderWay = query.data !== undefined && !isFinal(query.data.status);
  // What cannot be read is asked for from time to time, and followed again as soon as it can.
  const isFollowed = isUnderWay && !query.isError && source.isWanted !== false;
  const latest = useRef(source);
  latest.current = source;
  const key = queryKey.join('/');
  useEffect(() => {
    if (!isFollowed) return;
    return whileSeen(signal => void followInto(cluster, latest.current, signal));
  }, [cluster, key, at, isFollowed]);
  return asked(query, queryKey);
}

async function followInto<T extends Followable>(
  cluster: string,
  { queryKey, event, read, open }: Source<T>,
  signal: AbortSignal
): Promise<void> {
  const connection = connectionTo(cluster);
  const { session } = connection;
  while (!signal.aborted) {
    let confirm = session.guard();
    try {
      await follow<T>({
        read: () => read(connection),
        open(stop) {
          confirm = session.guard();
          return open(connection, stop);
        },
        event,
        confirm: () => confirm(),
        onChange(run) {
          queries.setQueryData<T>(queryKey, run);
          if (isFinal(run.status)) void refresh(cluster);
        },
        signal,
      });
      return;
    } catch {
      // Gone, or no longer ours to see: asking once more shows why. Where that succeeds, it is followed again.
      await queries.invalidateQueries({ queryKey });
      await wait(ACTIVE_MS, signal);
    }
  }
}
