import { kubectl } from './kubectl.ts';

/** What somebody wants to do. Absent `namespace`: in every namespace. Absent `name`: to every object. */
export interface Action {
  verb: string;
  resource: string;
  group?: string;
  subresource?: string;
  namespace?: string;
  name?: string;
}

/**
 * @param user e.g. `system:serviceaccount:nkvm:nkvm-runner`; a ServiceAccount's groups are added.
 * @returns whether the cluster's RBAC lets `user` do it. Resources that do not exist have an answer, too, unlike with
 * `kubectl auth can-i`.
 */
export function may(user: string, resourceAttributes: Action): boolean {
  const [, , namespace] = user.split(':');
  const ofServiceAccount = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
  const groups = [
    'system:authenticated',
    ...(user.startsWith('system:serviceaccount:') ? ofServiceAccount : []),
  ];
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, groups, resourceAttributes },
  };
  const answer = kubectl(['create', '--output=json', '--filename=-'], JSON.stringify(review));
  return (JSON.parse(answer) as { status: { allowed: boolean } }).status.allowed;
}

export const serviceAccount = (namespace: string, name: string): string =>
  `system:serviceaccount:${namespace}:${name}`;
