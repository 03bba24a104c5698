import type { FastifyPluginAsync } from 'fastify';

/** What is asked without a token. None of it names a namespace or a volume. */
export const healthRoutes =
  (isReady: () => boolean): FastifyPluginAsync =>
  async app => {
    app.get('/healthz', { schema: { hide: true } }, async () => 'ok');
    app.get('/readyz', { schema: { hide: true } }, async (_request, reply) =>
      isReady() ? 'ok' : reply.code(503).send('the volumes of the cluster are not known yet')
    );
  };
