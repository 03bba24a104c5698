import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  NamespaceAccess,
  NamespaceName,
  Problem,
  RIGHTS_OF_ACTIONS,
  textOfClaimRight,
  VOLUME_ACTIONS,
} from '../../../api/index.ts';
import type { Rights } from '../rights/rights.ts';

export interface AccessRoutes {
  rights: Rights;
}

/** Tells a caller about their own rights in a namespace. About others, the API server is asked, with the rights of who asks. */
export const accessRoutes =
  ({ rights }: AccessRoutes): FastifyPluginAsyncZod =>
  async app => {
    app.get(
      '/namespaces/:namespace/access',
      {
        config: {
          rights: { none: 'it says only what the caller may do, which Kubernetes tells everybody' },
        },
        schema: {
          summary: 'Read what you may do in a namespace',
          description:
            'On all volumes of the namespace; rights on single volumes, by `resourceNames`, do not count.',
          params: z.strictObject({ namespace: NamespaceName }),
          response: { 200: NamespaceAccess, default: Problem },
        },
      },
      async ({ caller, params: { namespace } }) => {
        const actions = VOLUME_ACTIONS.map(async action => {
          const { rights: needed, role } = RIGHTS_OF_ACTIONS[action];
          const answers = await Promise.all(
            needed.map(right =>
              rights.has(caller, {
                ...right,
                ...{ group: '', resource: 'persistentvolumeclaims', namespace },
              })
            )
          );
          const missing = needed.filter((_, at) => !answers[at]).map(textOfClaimRight);
          return { action, allowed: missing.length === 0, missing, role };
        });
        return { namespace, user: caller.username, actions: await Promise.all(actions) };
      }
    );
  };
