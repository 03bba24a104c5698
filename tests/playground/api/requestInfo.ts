import type { Attributes } from '../auth/rbac.ts';

/** A request about objects. */
export interface ResourceRequest {
  /** As RBAC names it: get, list, watch, create, update, patch, delete, deletecollection. */
  verb: string;
  group: string;
  version: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  /** What follows the subresource, still encoded, e.g. `/api/v1/info` behind `proxy`. */
  rest: string;
}

/** A request about the API server itself, e.g. `/version`. */
export interface PathRequest {
  verb: string;
  path: string;
}

export type RequestInfo = ResourceRequest | PathRequest;

const VERBS: Record<string, string> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

const SUBRESOURCES_OF_NAMESPACES = ['status', 'finalize'];

/** Reads what a request is about from its method and path (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go). */
export function requestInfo(method: string, { pathname, searchParams }: URL): RequestInfo {
  const parts =
    /^\/(?:api\/(?<core>v1)|apis\/(?<group>[^/]+)\/(?<version>[^/]+))\/(?<rest>.+)$/.exec(
      pathname
    )?.groups;
  if (!parts) return { verb: method.toLowerCase(), path: decodeURIComponent(pathname) };

  const { group = '', core, version = core ?? '' } = parts;
  const encoded = parts.rest!.split('/');
  let segments = encoded.map(decodeURIComponent);
  let consumed = 0;
  let namespace: string | undefined;
  if (segments[0] === 'namespaces' && segments[1]) {
    namespace = segments[1];
    const isInside = segments[2] && !SUBRESOURCES_OF_NAMESPACES.includes(segments[2]);
    consumed = isInside ? 2 : 0;
  }
  segments = segments.slice(consumed);
  const [resource = '', name, subresource] = segments;
  const rest = encoded.slice(consumed + 3);

  let verb = VERBS[method] ?? method.toLowerCase();
  let selected: string | undefined;
  if (!name) {
    const isWatch = ['true', '1'].includes(searchParams.get('watch') ?? '');
    if (verb === 'get') verb = isWatch ? 'watch' : 'list';
    if (verb === 'delete') verb = 'deletecollection';
    selected = /^metadata\.name==?([^,!=]+)$/.exec(searchParams.get('fieldSelector') ?? '')?.[1];
  }
  return {
    verb,
    group,
    version,
    resource,
    ...(subresource && { subresource }),
    ...(namespace !== undefined && { namespace }),
    ...((name || selected) && { name: name || selected }),
    rest: rest.length ? `/${rest.join('/')}` : '',
  };
}

/** @returns what RBAC is asked about the request. */
export function attributesOf(info: RequestInfo): Attributes {
  if ('path' in info) return info;
  const { verb, group, resource, subresource, namespace, name } = info;
  return {
    verb,
    group,
    resource,
    ...(subresource && { subresource }),
    ...(namespace && { namespace }),
    ...(name && { name }),
  };
}
