import { useQuery } from '@tanstack/react-query';
import type { AuditList } from '../../../sidecar/api';
import { type Asked, asked, clusterKey, queries } from '../cache';
import { auditClient, type AuditFilter } from '../clients/auditClient';
import { connectionTo } from '../session/connection';

/** Where few entries match, a page has none, and leads to the next one. */
const MOST_EMPTY_PAGES = 5;

/** @returns the first page that is not empty, or the last one that was asked for. */
async function pageOf(cluster: string, filter: AuditFilter, cursor?: string): Promise<AuditList> {
  const client = auditClient(connectionTo(cluster));
  let page = await client.page(filter, cursor);
  for (let more = MOST_EMPTY_PAGES; more > 0; more -= 1) {
    if (page.entries.length > 0 || page.nextCursor === null) break;
    page = await client.page(filter, page.nextCursor);
  }
  return page;
}

interface AskedAudit extends Asked<AuditList> {
  /** Loads older entries; undefined when there are none. @throws what the request threw. */
  loadOlder?: () => Promise<void>;
}

/**
 * The newest entries of the audit log. They are asked for once, and again by a person: reading them is an entry, too.
 */
export function useAudit(cluster: string, filter: AuditFilter): AskedAudit {
  const queryKey = [...clusterKey(cluster), 'audit', filter];
  const query = useQuery(
    {
      ...{ queryKey, queryFn: () => pageOf(cluster, filter) },
      ...{ staleTime: Infinity, refetchOnWindowFocus: false, refetchOnReconnect: false },
    },
    queries
  );
  const view = asked<AuditList>(query, queryKey);
  const cursor = view.value?.nextCursor ?? undefined;
  if (cursor === undefined) return view;
  return {
    ...view,
    async loadOlder() {
      const older = await pageOf(cluster, filter, cursor);
      queries.setQueryData<AuditList>(queryKey, known =>
        known?.nextCursor === cursor
          ? { ...older, entries: [...known.entries, ...older.entries] }
          : known
      );
    },
  };
}
