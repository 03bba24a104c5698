import type { FastifyPluginAsync } from 'fastify';
import type { Registry } from 'prom-client';

/** What is asked without a token. None of it names a namespace or a volume. */
export const healthRoutes =
  (isReady: () => boolean, metrics: Registry): FastifyPluginAsync =>
  async app => {
    app.get('/healthz', { schema: { hide: true } }, async () => 'ok');
    app.get('/readyz', { schema: { hide: true } }, async (_request, reply) =>
      isReady() ? 'ok' : reply.code(503).send('the volumes of the cluster are not known yet')
    );
    app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.metrics())
    );
  };
