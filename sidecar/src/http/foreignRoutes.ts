import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { ForeignArchives, Problem } from '../../api/index.ts';
import { manifestName, parseArchiveName } from '../archive/name.ts';
import type { Destination, Stored } from '../destinations/destination.ts';
import type { History } from '../history/history.ts';
import { isArchiveName } from './archiveAccess.ts';
import { untilGone } from './indexWait.ts';
import type { Rights } from './rights.ts';
import { everywhere } from './runAccess.ts';

export interface ForeignRoutes {
  destination: Pick<Destination, 'list' | 'stat'>;
  history: Pick<History, 'get'>;
  rights: Rights;
}

/** How many are listed. */
const MOST = 500;

/** Archives at the destination that no backup here has: of another installation, or placed there by hand. */
export const foreignRoutes =
  ({ destination, history, rights }: ForeignRoutes): FastifyPluginAsyncZod =>
  async app => {
    const isForeign = (key: string): boolean => {
      if (!isArchiveName(key)) return false;
      const run = history.get(parseArchiveName(key)?.runId ?? '');
      return !run?.copies.some(copy => copy.key === key);
    };

    app.get(
      '/archives',
      {
        schema: {
          summary: 'List archives that no backup here has',
          description:
            'Archives of other installations, or placed at the destination by hand. They are restored as `archive:KEY`.',
          response: { 200: ForeignArchives, default: Problem },
        },
      },
      async ({ caller }, reply) => {
        await rights.need(caller, everywhere('get', 'archive'));
        const signal = untilGone(reply);
        const found: Stored[] = [];
        for await (const page of destination.list({ wanted: isForeign, signal })) {
          found.push(...page);
          if (found.length > MOST) break;
        }
        found.sort((a, b) => b.modifiedAt.getTime() - a.modifiedAt.getTime());
        const archives = found.slice(0, MOST).map(async ({ key, bytes, modifiedAt }) => {
          const parts = parseArchiveName(key);
          return {
            ...{ key, bytes, modifiedAt: modifiedAt.toISOString() },
            hasManifest: (await destination.stat(manifestName(key), { signal })) !== undefined,
            cluster: parts?.cluster ?? null,
            namespace: parts?.namespace ?? null,
            name: parts && !parts.shortened ? parts.pvc : null,
          };
        });
        return { archives: await Promise.all(archives), isComplete: found.length <= MOST };
      }
    );
  };
