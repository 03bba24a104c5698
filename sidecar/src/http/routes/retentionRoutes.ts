import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { ApproveRetention, Problem } from '../../../api/index.ts';
import type { Retention } from '../../policy/retention/retention.ts';
import { Refusal } from '../entry/problems.ts';
import { inNkvm } from '../rights/declared.ts';

export interface RetentionRoutes {
  retention: Pick<Retention, 'approve'>;
}

/** Where the circuit breaker has stopped retention, a person lets it go on: in the cluster that the request names. */
export const retentionRoutes =
  ({ retention }: RetentionRoutes): FastifyPluginAsyncZod =>
  async app => {
    app.post(
      '/retention/approve',
      {
        config: { rights: { needs: [inNkvm('update', 'settings')] } },
        schema: {
          summary: 'Let retention delete more archives than its limit at once',
          description:
            'For one time, and for the number that the plans show. It goes on after the answer.',
          body: ApproveRetention,
          response: { 202: ApproveRetention, default: Problem },
        },
      },
      async ({ body }, reply) => {
        if (!retention.approve(body.destination, body.removed)) throw otherPlan(body);
        return reply.code(202).send(body);
      }
    );
  };

const otherPlan = ({ cluster, destination, removed }: ApproveRetention): Refusal => {
  const [of, query] =
    cluster === undefined ? ['', ''] : [` of cluster ${cluster}`, `?cluster=${cluster}`];
  return new Refusal(
    409,
    'RetentionPlanChanged',
    `retention does not wait for an approval of ${removed} archives${of} at destination ${destination}`,
    `look at the plans again: GET /api/v1/policy${query} shows the number where it waits`
  );
};
