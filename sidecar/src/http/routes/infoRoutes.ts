import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { Info, Problem } from '../../../api/index.ts';
import type { OpenNamespaces } from '../../backup/request/openNamespaces.ts';
import type { Action } from '../../cluster/gateway/access.ts';
import type { Destination } from '../../destinations/destination.ts';
import type { ShowingRight } from '../rights/declared.ts';
import { inNkvm } from '../rights/declared.ts';
import type { Rights } from '../rights/rights.ts';

export type Installation = Omit<Info, 'name' | 'freeBytes' | 'user' | 'backupDir' | 'scope'> & {
  backupDir: string;
};

export interface InfoRoutes {
  installation: Installation;
  open: Pick<OpenNamespaces, 'scope'>;
  destination: Pick<Destination, 'freeBytes'>;
  rights: Rights;
}

const SHOWS_DIRECTORY: ShowingRight = {
  ...inNkvm('get', 'settings'),
  what: 'the backup directory, its free space, and the selector of namespaces',
};

/** Facts about this installation. The backup directory, its free space and the selector are for its administrators. */
export const infoRoutes =
  ({ installation, open, destination, rights }: InfoRoutes): FastifyPluginAsyncZod =>
  async app => {
    const toSeeSettings: Action = {
      verb: 'get',
      group: 'nkvm.io',
      resource: 'settings',
      namespace: installation.namespace,
    };
    app.get(
      '/info',
      {
        config: {
          rights: {
            none: 'each caller with a valid token may know what answers',
            shows: [SHOWS_DIRECTORY],
          },
        },
        schema: {
          summary: 'Read what this installation is',
          response: { 200: Info, default: Problem },
        },
      },
      async ({ caller }) => {
        const mayKnow = await rights.has(caller, toSeeSettings);
        const free = mayKnow ? await destination.freeBytes().catch(() => undefined) : undefined;
        return {
          name: 'nkvm' as const,
          ...installation,
          backupDir: mayKnow ? installation.backupDir : null,
          freeBytes: free ?? null,
          scope: await open.scope(),
          namespaceSelector: mayKnow ? installation.namespaceSelector : null,
          user: caller.username,
        };
      }
    );
  };
