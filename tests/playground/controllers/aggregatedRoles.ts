import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import type { ClusterRole } from '../store/object.ts';
import { matchesSelector } from '../store/selectors.ts';
import { each, type Reconcile } from './loop.ts';

const CLUSTER_ROLES = kindNamed('clusterroles.rbac.authorization.k8s.io');

export const AGGREGATION_WATCHES = ['clusterroles.rbac.authorization.k8s.io'];

/** Fills ClusterRoles with an aggregation rule, e.g. `view`, with the rules of those that it selects. */
export const aggregatedRoles =
  (objects: Objects): Reconcile =>
  () => {
    const roles = objects.store.list<ClusterRole>(CLUSTER_ROLES);
    each(roles, role => {
      const selectors = role.aggregationRule?.clusterRoleSelectors;
      if (!selectors) return;
      const rules = roles
        .filter(
          ({ metadata }) =>
            metadata.uid !== role.metadata.uid &&
            selectors.some(selector => matchesSelector(selector, metadata.labels))
        )
        .flatMap(each => each.rules ?? []);
      // One of the selected may be an aggregate itself: a rule is copied once.
      const unique = [...new Map(rules.map(rule => [JSON.stringify(rule), rule])).values()];
      objects.change(CLUSTER_ROLES, role, 'main', next => void (next.rules = unique));
    });
  };
