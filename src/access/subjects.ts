import { USER_SERVICE_ACCOUNT } from '../../sidecar/api/names.ts';

/** Whom a RoleBinding can name. */
export interface Subject {
  kind: 'ServiceAccount' | 'User' | 'Group';
  name: string;
  /** Of a ServiceAccount. */
  namespace?: string;
}

/** A subject of a page about `namespace`. */
export interface KnownSubject extends Subject {
  /** False: a ServiceAccount of that namespace which does not exist. */
  exists: boolean;
}

/** The part of a RoleBinding that is read. */
export interface Binding {
  subjects?: { kind: string; name: string; namespace?: string }[];
}

export const idOf = ({ kind, namespace, name }: Subject): string =>
  [kind, ...(kind === 'ServiceAccount' ? [namespace] : []), name].join('/');

const KINDS: readonly string[] = ['ServiceAccount', 'User', 'Group'];

/** NKVM itself and Kubernetes' own components are not people. */
const isOfSystem = ({ kind, namespace, name }: Subject): boolean =>
  kind === 'ServiceAccount'
    ? namespace === 'kube-system' || name === 'nkvm-runner'
    : name.startsWith('system:');

/**
 * @param accounts names of the namespace's ServiceAccounts
 * @returns those, and the subjects of the bindings, each once: first the account whose tokens the pages use, whether it
 *   exists or not, then ServiceAccounts, users and groups by name.
 */
export function subjectsOf(
  namespace: string,
  accounts: readonly string[],
  bindings: readonly Binding[]
): KnownSubject[] {
  const account = (name: string): Subject => ({ kind: 'ServiceAccount', name, namespace });
  const bound = bindings
    .flatMap(({ subjects = [] }) => subjects)
    .filter(({ kind }) => KINDS.includes(kind)) as Subject[];
  const all = [account(USER_SERVICE_ACCOUNT), ...accounts.map(account), ...bound];
  const known = new Map(all.filter(each => !isOfSystem(each)).map(each => [idOf(each), each]));
  const exists = (subject: Subject): boolean =>
    subject.kind !== 'ServiceAccount' ||
    subject.namespace !== namespace ||
    accounts.includes(subject.name);
  const order = (subject: Subject): string =>
    [isOfPages(subject, namespace) ? 0 : 1, KINDS.indexOf(subject.kind), idOf(subject)].join(' ');
  return [...known.values()]
    .map(subject => ({ ...subject, exists: exists(subject) }))
    .sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Whether it is the account whose tokens the pages use in the namespace. */
export const isOfPages = ({ kind, namespace: of, name }: Subject, namespace: string): boolean =>
  kind === 'ServiceAccount' && of === namespace && name === USER_SERVICE_ACCOUNT;

/** @returns user and groups, as the API server knows the subject. A user's own groups are not known. */
export function identityOf({ kind, namespace, name }: Subject): {
  user?: string;
  groups: string[];
} {
  const everybody = 'system:authenticated';
  if (kind === 'User') return { user: name, groups: [everybody] };
  if (kind === 'Group') return { groups: [name] };
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, everybody],
  };
}
