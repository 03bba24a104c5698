import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ClaimRight } from '../../../api/index.ts';
import {
  ClaimName,
  NamespaceAccess,
  NamespaceName,
  Problem,
  RIGHTS_OF_ACTIONS,
  textOfClaimRight,
  VOLUME_ACTIONS,
} from '../../../api/index.ts';
import type { OpenNamespaces } from '../../backup/request/openNamespaces.ts';
import type { Rights } from '../rights/rights.ts';

export interface AccessRoutes {
  open: Pick<OpenNamespaces, 'scope'>;
  rights: Rights;
}

/** Tells a caller about their own rights in a namespace. About others, the API server is asked, with the rights of who asks. */
export const accessRoutes =
  ({ rights, open }: AccessRoutes): FastifyPluginAsyncZod =>
  async app => {
    app.get(
      '/namespaces/:namespace/access',
      {
        config: {
          rights: {
            none: 'it says only what the caller may do, which Kubernetes tells everybody, and what GET info says',
          },
        },
        schema: {
          summary: 'Read what you may do in a namespace',
          description:
            'On all volumes of the namespace; rights on single volumes, by `resourceNames`, count only for the volume that is named.',
          params: z.strictObject({ namespace: NamespaceName }),
          querystring: z.strictObject({
            name: ClaimName.optional().describe('name of a PersistentVolumeClaim; default: all'),
          }),
          response: { 200: NamespaceAccess, default: Problem },
        },
      },
      async ({ caller, params: { namespace }, query: { name } }) => {
        const hasRight = async (right: ClaimRight): Promise<boolean> => {
          const action = { ...right, group: '', resource: 'persistentvolumeclaims', namespace };
          if (await rights.has(caller, action)) return true;
          return name !== undefined && (await rights.has(caller, { ...action, name }));
        };
        const actions = VOLUME_ACTIONS.map(async action => {
          const { rights: needed, role } = RIGHTS_OF_ACTIONS[action];
          const answers = await Promise.all(needed.map(hasRight));
          const missing = needed.filter((_, at) => !answers[at]).map(textOfClaimRight);
          return { action, allowed: missing.length === 0, missing, role };
        });
        const [scope, ...found] = await Promise.all([open.scope(), ...actions]);
        return { namespace, user: caller.username, scope, actions: found };
      }
    );
  };
