import type { Action, PathAction, Subject } from '../../cluster/gateway/access.ts';
import { Refusal } from '../entry/problems.ts';
import type { Rights } from '../rights/rights.ts';
import { needOf } from '../rights/rights.ts';

export interface RemoteRightsWorld {
  /** Name of the cluster. */
  cluster: string;
  /** Of NKVM's own cluster. */
  own: Rights;
  /** Of that cluster. */
  there: Rights;
  /** Namespace of NKVM. */
  namespace: string;
  /** The cluster was removed: nobody has rights in it any more. */
  isGone(): boolean;
}

/** Questions that NKVM asks about another cluster. Everything else is NKVM's own. */
const RESOURCES = ['persistentvolumeclaims', 'pods'];

/** Destinations, settings and the like are those of NKVM: the API server of another cluster decides nothing about them. */
const isOfNkvm = (action: Action | PathAction): action is Action =>
  !('path' in action) && action.group === 'nkvm.io';

/**
 * Rights in a cluster other than NKVM's own. A name of one cluster says nothing in another, so each caller is asked about where the
 * token is from:
 *
 * | the token is from | the right |
 * | --- | --- |
 * | that cluster | the same as in NKVM's own, asked there |
 * | NKVM's own | `get clusters/NAME` of `nkvm.io` in NKVM's namespace: reads claims. `use clusters/NAME`: everything that NKVM can do there |
 * | any other | none |
 *
 * Rights on what is NKVM's own (group `nkvm.io`) are asked of its own cluster alone, where callers of another one have none.
 */
export function remoteRights({
  cluster,
  own,
  there,
  namespace,
  isGone,
}: RemoteRightsWorld): Rights {
  const on = (verb: 'get' | 'use'): Action => ({
    ...{ verb, group: 'nkvm.io', resource: 'clusters' },
    ...{ namespace, name: cluster },
  });
  const isAbout = (action: Action | PathAction): action is Action =>
    !('path' in action) && action.group === '' && RESOURCES.includes(action.resource);
  /** Of callers of NKVM's own cluster. */
  const needed = ({ verb, resource, subresource }: Action): Action =>
    resource === 'persistentvolumeclaims' &&
    subresource === undefined &&
    (verb === 'get' || verb === 'list')
      ? on('get')
      : on('use');
  const isOf = ({ cluster: home }: Subject): boolean => home === cluster;

  const asked = async (
    subject: Subject,
    action: Action | PathAction,
    ask: (rights: Rights, action: Action) => Promise<boolean>
  ): Promise<boolean> => {
    if (isGone()) return false;
    if (isOfNkvm(action)) return await ask(own, action);
    if (!isAbout(action)) return false;
    if (isOf(subject)) return await ask(there, action);
    if (subject.cluster !== undefined) return false;
    const right = needed(action);
    return (await ask(own, right)) || (right.verb === 'get' && (await ask(own, on('use'))));
  };
  const has: Rights['has'] = (subject, action, maxAgeMs) =>
    asked(subject, action, (rights, right) => rights.has(subject, right, maxAgeMs));
  const hasAmongMany: Rights['hasAmongMany'] = (subject, action) =>
    asked(subject, action, (rights, right) => rights.hasAmongMany(subject, right));
  const lacking: Rights['lacking'] = async (subject, action) => {
    if (await has(subject, action)) return undefined;
    const refusal = isOfNkvm(action)
      ? await own.lacking(subject, action)
      : isOf(subject)
      ? await there.lacking(subject, action)
      : isAbout(action)
      ? await own.lacking(subject, needed(action))
      : undefined;
    return refusal ?? denied(subject, cluster); // given there and not here, or meanwhile
  };
  return {
    ...{ has, hasAmongMany, lacking },
    need: needOf(lacking),
  };
}

const denied = ({ username }: Subject, cluster: string): Refusal =>
  new Refusal(
    403,
    'Forbidden',
    `${username} may not do this in cluster ${cluster}`,
    'ask an administrator of NKVM'
  );

/** @returns whether a caller may know that the cluster is there. @throws Refusal (503) when the API server did not say. */
export const maySeeCluster = async (
  subject: Subject,
  cluster: string,
  { own, namespace }: Pick<RemoteRightsWorld, 'own' | 'namespace'>
): Promise<boolean> => {
  if (subject.cluster === cluster) return true;
  const on = { group: 'nkvm.io', resource: 'clusters', namespace, name: cluster };
  return (
    (await own.has(subject, { verb: 'get', ...on })) ||
    (await own.has(subject, { verb: 'use', ...on }))
  );
};
