import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { Info, Problem } from '../../api/index.ts';
import type { Destination } from '../destinations/destination.ts';

export type Installation = Omit<Info, 'name' | 'freeBytes' | 'user'>;

/** What this installation is. */
export const infoRoutes =
  (
    installation: Installation,
    destination: Pick<Destination, 'freeBytes'>
  ): FastifyPluginAsyncZod =>
  async app => {
    app.get(
      '/info',
      {
        schema: {
          summary: 'Read what this installation is',
          response: { 200: Info, default: Problem },
        },
      },
      async request => ({
        name: 'nkvm' as const,
        ...installation,
        freeBytes: (await destination.freeBytes().catch(() => undefined)) ?? null,
        user: request.caller.username,
      })
    );
  };
