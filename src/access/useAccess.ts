import { useQuery } from '@tanstack/react-query';
import { type NamespaceAccess } from '../../sidecar/api';
import {
  RIGHTS_OF_ACTIONS,
  textOfClaimRight,
  USER_SERVICE_ACCOUNT,
  VOLUME_ACTIONS,
  type VolumeAction,
} from '../../sidecar/api/names.ts';
import { type Asked, asked, clusterKey, IDLE_MS, queries } from '../api/cache';
import { failureOf } from '../api/failure';
import { askApiServer } from '../api/session/apiServer';
import { connectionTo } from '../api/session/connection';
import { mayI, type RightQuestion } from '../api/session/reviews';
import type { GrantObject } from './grant';
import { type Binding, identityOf, isOfPages, type KnownSubject, subjectsOf } from './subjects';

interface OwnAccess {
  /** Of one claim: rights on it alone count then. */
  name?: string;
  /** Whether to ask. */
  isWanted?: boolean;
  everyMs?: number;
}

/** What the caller's own token may do with the volumes of a namespace, as NKVM says. */
export function useOwnAccess(
  cluster: string,
  namespace: string,
  { name, isWanted = true, everyMs = IDLE_MS }: OwnAccess = {}
): Asked<NamespaceAccess> {
  const queryKey = [...clusterKey(cluster), 'access', namespace, name ?? ''];
  const query = useQuery(
    {
      queryKey,
      queryFn: async (): Promise<NamespaceAccess> => {
        const of = name === undefined ? '' : `?name=${encodeURIComponent(name)}`;
        const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/access${of}`;
        return (await connectionTo(cluster).send({ path, namespace })).json();
      },
      enabled: isWanted,
      staleTime: everyMs / 2,
      refetchInterval: everyMs,
    },
    queries
  );
  return asked(query, queryKey);
}

/** A subject, and what it may do with the volumes of a namespace. */
export interface SubjectAccess extends KnownSubject {
  /** The missing rights of each action; none: it may do it. */
  missing: Record<VolumeAction, string[]>;
  /** It may create tokens of the account that the pages use, and so do in Headlamp what that may do. */
  actsAsUser: boolean;
}

/** What the API server tells the person at the browser about others. */
export interface OthersAccess {
  subjects: SubjectAccess[];
  /** So many more are not shown. */
  more: number;
  /** The right that is missing to see others, or more of them. */
  lacks?: string;
  /** Undefined: the API server did not say. */
  mayGrant: boolean | undefined;
}

/** Each costs six questions. */
const MOST = 40;
const AT_ONCE = 6;
const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces';

async function request(cluster: string, path: string, body?: object) {
  const response = await askApiServer(cluster, path, {
    method: body ? 'POST' : 'GET',
    ...(body && { body: JSON.stringify(body) }),
  });
  return await response.json();
}

/** @returns undefined where the person may not list them. */
async function listed<T>(cluster: string, path: string): Promise<T[] | undefined> {
  try {
    const { items } = (await request(cluster, path)) as { items?: T[] };
    return items ?? [];
  } catch (error) {
    if (failureOf(error).status === 403) return undefined;
    throw error;
  }
}

/** Asks the API server about others, with the rights of the person at the browser: what it refuses to tell is not shown. */
async function readOthers(cluster: string, namespace: string): Promise<OthersAccess> {
  const at = encodeURIComponent(namespace);
  const [accounts, bindings, mayGrant] = await Promise.all([
    listed<{ metadata: { name: string } }>(cluster, `/api/v1/namespaces/${at}/serviceaccounts`),
    listed<Binding>(cluster, `${RBAC}/${at}/rolebindings`),
    mayI(cluster, {
      ...{ verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'rolebindings' },
      namespace,
    }),
  ]);
  const none = (lacks: string): OthersAccess => ({ subjects: [], more: 0, lacks, mayGrant });
  if (!bindings) return none('list rolebindings');
  if (!accounts) return none('list serviceaccounts');
  const names = accounts.map(({ metadata }) => metadata.name);
  const all = subjectsOf(namespace, names, bindings);
  const asksOf = async (subject: KnownSubject, right: Omit<RightQuestion, 'namespace'>) => {
    const path = `/apis/authorization.k8s.io/v1/namespaces/${at}/localsubjectaccessreviews`;
    const { status } = await request(cluster, path, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'LocalSubjectAccessReview',
      metadata: { namespace },
      spec: { ...identityOf(subject), resourceAttributes: { ...right, namespace } },
    });
    return status?.allowed === true;
  };
  const accessOf = async (subject: KnownSubject): Promise<SubjectAccess> => {
    const resource = 'persistentvolumeclaims';
    const missing = {} as Record<VolumeAction, string[]>;
    for (const action of VOLUME_ACTIONS) {
      missing[action] = [];
      for (const right of RIGHTS_OF_ACTIONS[action].rights) {
        if (!(await asksOf(subject, { ...right, resource })))
          missing[action].push(textOfClaimRight(right));
      }
    }
    const token = { verb: 'create', resource: 'serviceaccounts', subresource: 'token' };
    const actsAsUser =
      !isOfPages(subject, namespace) &&
      (await asksOf(subject, { ...token, name: USER_SERVICE_ACCOUNT }));
    return { ...subject, missing, actsAsUser };
  };
  const shown = all.slice(0, MOST);
  const subjects: SubjectAccess[] = [];
  try {
    const waiting = shown.map((subject, index) => ({ subject, index }));
    const work = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift())
        subjects[next.index] = await accessOf(next.subject);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } catch (error) {
    if (failureOf(error).status === 403) return none('create localsubjectaccessreviews');
    throw error;
  }
  return { subjects, more: all.length - shown.length, mayGrant };
}

/** What others may do, as far as the person at the browser may know it. */
export function useOthersAccess(cluster: string, namespace: string): Asked<OthersAccess> {
  const queryKey = [...clusterKey(cluster), 'access of others', namespace];
  const query = useQuery({ queryKey, queryFn: () => readOthers(cluster, namespace) }, queries);
  return asked(query, queryKey);
}

/** Creates the objects with the rights of the person at the browser. @throws what ApiProxy throws. */
export async function createGrant(cluster: string, objects: readonly GrantObject[]): Promise<void> {
  for (const object of objects) {
    const { name, namespace } = object.metadata;
    const at = encodeURIComponent(namespace);
    const isBinding = object.kind === 'RoleBinding';
    const path = isBinding
      ? `${RBAC}/${at}/rolebindings`
      : `/api/v1/namespaces/${at}/serviceaccounts`;
    try {
      await request(cluster, path, object);
    } catch (error) {
      if (failureOf(error).status !== 409) throw error;
      if (isBinding && !(await isSame(cluster, `${path}/${encodeURIComponent(name)}`, object)))
        throw error;
    }
  }
}

/** Whether a RoleBinding of that name already gives the role to the subject. */
async function isSame(cluster: string, path: string, { roleRef, subjects }: GrantObject) {
  const found = (await request(cluster, path)) as Partial<GrantObject>;
  const has = (one: { kind: string; name: string; namespace?: string }) =>
    found.subjects?.some(
      each => each.kind === one.kind && each.name === one.name && each.namespace === one.namespace
    );
  return found.roleRef?.name === roleRef?.name && (subjects ?? []).every(has);
}
