import type { FastifyPluginAsync } from 'fastify';

/** Whether the service can be used, and what an operator should know of it. */
export interface Readiness {
  isReady: boolean;
  /** Sentences; none when all is well. */
  says: readonly string[];
}

/** Routes that need no token. Their answers do not name a namespace or a volume. */
export const healthRoutes =
  (readiness: () => Readiness): FastifyPluginAsync =>
  async app => {
    app.get(
      '/healthz',
      {
        config: { rights: { none: 'it says only that the process runs' } },
        schema: { hide: true },
      },
      async () => 'ok'
    );
    app.get(
      '/readyz',
      {
        config: {
          rights: {
            none: 'it says whether the service can be used, and names no namespace and no volume',
          },
        },
        schema: { hide: true },
      },
      async (_request, reply) => {
        const { isReady, says } = readiness();
        return reply
          .code(isReady ? 200 : 503)
          .type('text/plain; charset=utf-8')
          .send([...(isReady ? ['ok'] : []), ...says].join('\n'));
      }
    );
  };
