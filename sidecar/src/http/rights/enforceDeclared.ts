import type { FastifyRequest } from 'fastify';
import type { Action, PathAction } from '../../cluster/gateway/access.ts';
import type { DeclaredPathRight, DeclaredRight } from './declared.ts';
import type { Rights } from './rights.ts';

/**
 * @param namespace of NKVM
 * @returns a hook that refuses requests whose caller lacks a right that the route declares for NKVM's namespace, for all
 *   namespaces or for a path. Where the other rights are needed only the handler knows: they depend on what the request
 *   names. It throws a Refusal (403) that names the missing right, or 503 when the API server did not say.
 */
export const enforceDeclared =
  ({ rights, namespace }: { rights: Pick<Rights, 'need'>; namespace: string }) =>
  async ({ caller, params, routeOptions }: FastifyRequest): Promise<void> => {
    const declared = routeOptions.config.rights;
    if (!declared || !('needs' in declared)) return;
    for (const right of declared.needs) {
      const action = isOne(right) && actionOf(right, namespace, params as Record<string, string>);
      if (action) await rights.need(caller, action);
    }
  };

type One = DeclaredRight | DeclaredPathRight;
const isOne = (right: One | readonly DeclaredRight[]): right is One => !Array.isArray(right);

/** @returns undefined where the right is not the same for every request, or not needed in each. */
function actionOf(
  right: One,
  namespace: string,
  params: Record<string, string>
): Action | PathAction | undefined {
  if ('path' in right) return right;
  const { scope, param, when, verb, group, resource, subresource } = right;
  if (when !== undefined || (scope !== 'nkvm' && scope !== 'everywhere')) return undefined;
  return {
    ...{ verb, group, resource },
    ...(subresource !== undefined && { subresource }),
    ...(scope === 'nkvm' && { namespace }),
    ...(param !== undefined && { name: params[param] ?? '' }),
  };
}
