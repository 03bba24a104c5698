import { REVIEWS } from '../auth/reviews.ts';
import { apiVersionOf, type Kind, resourceName } from '../store/kinds.ts';
import { openapi } from './openapi.ts';
import { VERSION } from './version.ts';

const ALL_VERBS = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** Subresources that are not another view of the object itself. */
const SUBRESOURCES: Record<
  string,
  { kind: string; group?: string; version?: string; verbs: string[] }
> = {
  binding: { kind: 'Binding', verbs: ['create'] },
  eviction: { group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
  exec: { kind: 'PodExecOptions', verbs: ['create', 'get'] },
  finalize: { kind: 'Namespace', verbs: ['update'] },
  scale: { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] },
  token: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', verbs: ['create'] },
};

/** Kinds of the category `all` (kubectl get all). */
const IN_ALL =
  /^(pods|services|replicationcontrollers|.*\.apps|.*\.batch|horizontalpodautoscalers\..*)$/;

/**
 * @param kinds those that are served now
 * @returns the JSON at that path; undefined when there is none. Text is sent as it is.
 */
export function discovery(path: string, kinds: readonly Kind[]): object | string | undefined {
  switch (path) {
    case '/':
      return {
        paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v2', '/readyz', '/version'],
      };
    case '/version':
    case '/version/':
      return VERSION;
    case '/healthz':
    case '/livez':
    case '/readyz':
      return 'ok';
    case '/api':
      return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
    case '/apis':
      return {
        kind: 'APIGroupList',
        apiVersion: 'v1',
        groups: groups(kinds).map(name => group(name, kinds)),
      };
  }
  if (path.startsWith('/openapi/')) return openapi(path);
  const parts = /^\/(?:api|apis\/([^/]+))(?:\/(v[^/]+))?$/.exec(path);
  const name = parts?.[1] ?? '';
  const version = parts?.[2];
  if (!parts || (name !== '' && !groups(kinds).includes(name))) return undefined;
  if (!version) return { kind: 'APIGroup', apiVersion: 'v1', ...group(name, kinds) };
  const resources = resourcesOf(name, version, kinds);
  if (resources.length === 0) return undefined;
  const groupVersion = apiVersionOf({ group: name, version });
  return { kind: 'APIResourceList', ...(name && { apiVersion: 'v1' }), groupVersion, resources };
}

const groups = (kinds: readonly Kind[]): string[] =>
  [...new Set([...kinds, ...REVIEWS].map(({ group }) => group))].filter(name => name !== '');

function group(name: string, kinds: readonly Kind[]): object {
  const version = kinds.find(kind => kind.group === name)?.version ?? 'v1';
  const served = { groupVersion: `${name}/${version}`, version };
  return { name, versions: [served], preferredVersion: served };
}

function resourcesOf(group: string, version: string, kinds: readonly Kind[]): object[] {
  const kept = kinds
    .filter(kind => kind.group === group && kind.version === version)
    .flatMap(kind => [resource(kind), ...kind.subresources.map(each => subresource(kind, each))]);
  const asked = REVIEWS.filter(review => review.group === group && version === 'v1').map(
    ({ plural, kind, namespaced }) => ({
      name: plural,
      singularName: kind.toLowerCase(),
      namespaced,
      kind,
      verbs: ['create'],
    })
  );
  return [...kept, ...asked];
}

const resource = (kind: Kind): object => ({
  name: kind.plural,
  singularName: kind.kind.toLowerCase(),
  namespaced: kind.namespaced,
  kind: kind.kind,
  verbs: ALL_VERBS,
  ...(kind.shortNames.length && { shortNames: kind.shortNames }),
  ...(IN_ALL.test(resourceName(kind)) && { categories: ['all'] }),
});

const subresource = (kind: Kind, name: string): object => ({
  name: `${kind.plural}/${name}`,
  singularName: '',
  namespaced: kind.namespaced,
  kind: kind.kind,
  verbs:
    name === 'proxy' ? ['create', 'delete', 'get', 'patch', 'update'] : ['get', 'patch', 'update'],
  ...(name === 'log' && { verbs: ['get'] }),
  ...SUBRESOURCES[name],
});
