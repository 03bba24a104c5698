import { kubectl } from './kubectl.ts';

/** An action. Absent `namespace`: in every namespace. Absent `name`: to every object. */
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
 * @returns those of the actions that the cluster's RBAC lets `user` do. Resources that do not exist have an answer,
 * too, unlike with `kubectl auth can-i`.
 */
export function allowed<T extends Action>(user: string, actions: readonly T[]): T[] {
  const items = actions.map(action => reviewOf(user, action));
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const oneLineEach = '--output=jsonpath={.status.allowed}{"\\n"}';
  const answers = kubectl(['create', oneLineEach, '--filename=-'], list).trimEnd().split('\n');
  if (answers.length !== actions.length)
    throw new Error(`not every question has an answer: ${answers}`);
  return actions.filter((_, index) => answers[index] === 'true');
}

function reviewOf(user: string, action: Action): object {
  const { verb, group, resource, subresource, namespace, name } = action;
  const resourceAttributes = { verb, group, resource, subresource, namespace, name };
  const [, , home] = user.split(':');
  const ofServiceAccount = ['system:serviceaccounts', `system:serviceaccounts:${home}`];
  const isServiceAccount = user.startsWith('system:serviceaccount:');
  const groups = ['system:authenticated', ...(isServiceAccount ? ofServiceAccount : [])];
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, groups, resourceAttributes },
  };
}

export const serviceAccount = (namespace: string, name: string): string =>
  `system:serviceaccount:${namespace}:${name}`;
