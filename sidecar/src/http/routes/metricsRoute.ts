import type { FastifyPluginAsync } from 'fastify';
import type { Registry } from 'prom-client';
import type { Authentication } from '../rights/caller.ts';
import { authenticate } from '../rights/caller.ts';
import { enforceDeclared } from '../rights/enforceDeclared.ts';
import type { Rights } from '../rights/rights.ts';

/** The dependencies of the route of the metrics. */
export interface MetricsRoute extends Pick<Authentication, 'reviews' | 'namespace'> {
  rights: Rights;
  metrics: Pick<Registry, 'contentType' | 'metrics'>;
}

/**
 * Metrics for Prometheus. The series carry names of namespaces and claims, so a scraper needs what Kubernetes' own
 * components ask for theirs: `get` of the nonResourceURL `/metrics`. Only this route takes tokens for the API server.
 */
export const metricsRoute =
  ({ reviews, namespace, rights, metrics }: MetricsRoute): FastifyPluginAsync =>
  async app => {
    const takesTokensOfApiServer = true;
    app.addHook('onRequest', authenticate({ reviews, namespace, takesTokensOfApiServer }));
    app.addHook('preHandler', enforceDeclared({ rights, namespace }));
    app.get(
      '/metrics',
      {
        config: { rights: { needs: [{ verb: 'get', path: '/metrics' }] } },
        schema: { hide: true },
      },
      async (_request, reply) => {
        return reply.type(metrics.contentType).send(await metrics.metrics());
      }
    );
  };
