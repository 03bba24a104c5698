import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { Readable } from 'node:stream';
import { AuditCheck, AuditList, AuditQuery, MAX_AUDIT_PAGE, Problem } from '../../../api/index.ts';
import type { WatchedTrail } from '../../history/audit/auditTrail.ts';
import type { AuditFilter } from '../../history/audit/readEntries.ts';
import { allActions } from '../audit/auditedActions.ts';
import { csvHead, csvLine } from '../audit/csv.ts';
import { untilGone } from '../downloads/indexWait.ts';
import { inNkvm } from '../rights/declared.ts';

export interface AuditRoutes {
  audit: Pick<WatchedTrail, 'page' | 'check'>;
}

/** The audit log, for its administrators. It names claims of all namespaces. */
export const auditRoutes =
  ({ audit }: AuditRoutes): FastifyPluginAsyncZod =>
  async app => {
    const config = { rights: { needs: [inNkvm('get', 'audit')] } };

    app.get(
      '/audit',
      {
        config,
        schema: {
          summary: 'Read the audit log, newest first',
          description:
            'With `Accept: text/csv` or `format=csv`, all entries that match, as a table for a spreadsheet.',
          querystring: AuditQuery,
          response: { 200: AuditList, default: Problem },
        },
      },
      async (request, reply) => {
        const { query, headers } = request;
        const { cursor, limit, format, ...filter } = query;
        const below = cursor === undefined ? Infinity : Number(cursor);
        if (format === 'csv' || (!format && headers.accept?.includes('text/csv'))) {
          const table = Readable.from(csvOf(audit, filter, below, untilGone(reply)));
          return reply
            .header('content-disposition', 'attachment; filename="nkvm-audit.csv"')
            .header('x-content-type-options', 'nosniff')
            .type('text/csv; charset=utf-8')
            .send(table as never);
        }
        const page = await audit.page(filter, below, limit);
        return {
          entries: page.entries,
          nextCursor: page.below === null ? null : String(page.below),
          actions: allActions(),
        };
      }
    );

    app.post(
      '/audit/check',
      {
        config,
        schema: {
          summary: 'Check that no entry was changed or deleted',
          description:
            'Follows the chain of hashes from the oldest entry to the newest, and names the first place that is broken.',
          response: { 200: AuditCheck, default: Problem },
        },
      },
      async () => await audit.check()
    );
  };

async function* csvOf(
  audit: AuditRoutes['audit'],
  filter: AuditFilter,
  from: number,
  signal: AbortSignal
): AsyncGenerator<string> {
  yield csvHead();
  for (let below: number | null = from; below !== null; ) {
    signal.throwIfAborted();
    const page = await audit.page(filter, below, MAX_AUDIT_PAGE);
    yield page.entries.map(csvLine).join('');
    below = page.below;
  }
}
