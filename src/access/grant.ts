import type { Subject } from './subjects';

/** A ServiceAccount or a RoleBinding, as it is created. */
export interface GrantObject {
  apiVersion: string;
  kind: 'ServiceAccount' | 'RoleBinding';
  metadata: { name: string; namespace: string };
  roleRef?: { apiGroup: string; kind: string; name: string };
  subjects?: { kind: string; name: string; namespace: string }[];
}

/** @returns what lets a ServiceAccount do what `role` grants in `namespace`; with the account, where it does not exist. */
export function grantOf(
  { name, namespace: home = '', exists }: Subject & { exists: boolean },
  role: string,
  namespace: string
): GrantObject[] {
  const account: GrantObject = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: home },
  };
  const binding: GrantObject = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    // A binding for each subject: one of the role's name may be another one's.
    metadata: {
      name: home === namespace ? `${role}-${name}` : `${role}-${home}-${name}`,
      namespace,
    },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name, namespace: home }],
  };
  return exists ? [binding] : [account, binding];
}

/** @returns the objects as YAML, for `kubectl apply -f -`. Their names need no quotes: they are those of Kubernetes. */
export const yamlOf = (objects: readonly GrantObject[]): string => objects.map(one).join('---\n');

function one({ apiVersion, kind, metadata, roleRef, subjects = [] }: GrantObject): string {
  return [
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    'metadata:',
    `  name: ${text(metadata.name)}`,
    `  namespace: ${text(metadata.namespace)}`,
    ...(roleRef
      ? [
          'roleRef:',
          `  apiGroup: ${roleRef.apiGroup}`,
          `  kind: ${roleRef.kind}`,
          `  name: ${roleRef.name}`,
        ]
      : []),
    ...(subjects.length > 0 ? ['subjects:'] : []),
    ...subjects.flatMap(subject => [
      `  - kind: ${subject.kind}`,
      `    name: ${text(subject.name)}`,
      `    namespace: ${text(subject.namespace)}`,
    ]),
    '',
  ].join('\n');
}

/** A name that YAML could take for a number or a boolean is quoted. */
const text = (name: string): string =>
  /^[a-z][a-z-]*[a-z]$/.test(name) && !BOOLEANS.test(name) ? name : JSON.stringify(name);
const BOOLEANS = /^(y|n|yes|no|true|false|on|off|null)$/;
