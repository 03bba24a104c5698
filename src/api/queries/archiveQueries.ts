import { type InfiniteData, useInfiniteQuery } from '@tanstack/react-query';
import type { ArchiveComparison, FileList, FileQuery, FileVersions } from '../../../sidecar/api';
import { type Asked, asked, clusterKey, queries } from '../cache';
import { archiveClient, type ArchiveRef } from '../clients/archiveClient';
import { connectionTo } from '../session/connection';

/** Something long, as far as it has been loaded. */
export interface Paged<T> extends Asked<T[]> {
  /** Loads the next page; undefined when there is none, or it is on its way. @throws what the request threw. */
  loadMore?: () => Promise<void>;
  isLoadingMore: boolean;
}

/** Rows are loaded in pages of so many. */
const FILES_PAGE = 500;
const CHANGES_PAGE = 200;

/** The contents of an archive do not change, so they are requested again only when everything is. */
function usePages<T extends { nextCursor: string | null }>(
  cluster: string,
  key: unknown[],
  load: (
    client: ReturnType<typeof archiveClient>,
    cursor: string | undefined,
    signal: AbortSignal
  ) => Promise<T>,
  isEnabled = true
): Paged<T> {
  const queryKey = [...clusterKey(cluster), ...key];
  const query = useInfiniteQuery<
    T,
    Error,
    InfiniteData<T, string | undefined>,
    unknown[],
    string | undefined
  >(
    {
      queryKey,
      queryFn: ({ pageParam, signal }) =>
        load(archiveClient(connectionTo(cluster)), pageParam, signal),
      initialPageParam: undefined,
      getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
      staleTime: Infinity,
      enabled: isEnabled,
    },
    queries
  );
  const { value, trouble } = asked(query, queryKey);
  return {
    value: value?.pages,
    trouble,
    isLoadingMore: query.isFetchingNextPage,
    loadMore:
      query.hasNextPage && !query.isFetchingNextPage
        ? async () => {
            const { error } = await query.fetchNextPage();
            if (error) throw error;
          }
        : undefined,
  };
}

/** The entries of a folder, or those that a search finds, in pages. */
export const useFiles = (
  cluster: string,
  archive: ArchiveRef,
  query: Partial<FileQuery>
): Paged<FileList> =>
  usePages(cluster, ['files', archive.id, query], (client, cursor, signal) =>
    client.files(archive, { ...query, cursor, limit: FILES_PAGE }, signal)
  );

/** One path in the archives of a volume, newest first, in pages. */
export const useVersions = (
  cluster: string,
  archive: ArchiveRef,
  path: string
): Paged<FileVersions> =>
  usePages(cluster, ['versions', archive.id, path], (client, cursor, signal) =>
    client.versions(archive, { path, cursor }, signal)
  );

/** What has changed since an older archive, in pages. @param older undefined: not chosen yet. */
export const useComparison = (
  cluster: string,
  archive: ArchiveRef,
  older: string | undefined
): Paged<ArchiveComparison> =>
  usePages(
    cluster,
    ['comparison', archive.id, older],
    (client, cursor, signal) =>
      client.compare(archive, { with: older ?? '', cursor, limit: CHANGES_PAGE }, signal),
    older !== undefined
  );
