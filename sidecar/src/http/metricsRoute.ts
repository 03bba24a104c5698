import type { FastifyPluginAsync } from 'fastify';
import type { Registry } from 'prom-client';
import { TOKEN_AUDIENCE } from '../../api/index.ts';
import type { Access } from '../cluster/access.ts';
import { authenticate } from './caller.ts';
import type { Rights } from './rights.ts';

/** What the route of the metrics needs. */
export interface MetricsRoute {
  access: Pick<Access, 'whoIs'>;
  rights: Rights;
  metrics: Pick<Registry, 'contentType' | 'metrics'>;
}

/**
 * What Prometheus reads. The series carry names of namespaces and claims, so a scraper needs what Kubernetes' own
 * components ask for theirs: `get` of the nonResourceURL `/metrics`. Its token may be one for the API server, because
 * that is the one which Prometheus has; nothing but this route takes it.
 */
export const metricsRoute =
  ({ access, rights, metrics }: MetricsRoute): FastifyPluginAsync =>
  async app => {
    app.addHook('onRequest', authenticate(access, [TOKEN_AUDIENCE, undefined]));
    app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
      await rights.need(request.caller, { verb: 'get', path: '/metrics' });
      return reply.type(metrics.contentType).send(await metrics.metrics());
    });
  };
