import type { Action } from '../../cluster/gateway/access.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Each route has them: the server does not start with a route that has none. */
    rights?: RouteRights;
  }
}

/**
 * Where a right is needed.
 *
 * | scope | |
 * | --- | --- |
 * | `claim` | on the claim that the request names, or that the run belongs to; in all namespaces where that namespace is gone |
 * | `archive` | on the claim that was backed up; in all namespaces where that namespace is gone, or no backup here has the archive |
 * | `upload` | in the namespace that was uploaded to, where the request names an upload |
 * | `namespace` | in the namespace that the request names; of a list without one, in each namespace that is shown |
 * | `nkvm` | in NKVM's own namespace |
 * | `everywhere` | in all namespaces |
 */
export type RightScope = 'claim' | 'archive' | 'upload' | 'namespace' | 'nkvm' | 'everywhere';

/** A right on objects, as a route declares it. */
export interface DeclaredRight {
  verb: Action['verb'];
  group: string;
  resource: string;
  subresource?: string;
  scope: RightScope;
  /** The parameter of the path that names the object; absent: the right is on every object of the scope. */
  param?: string;
  /** In which requests it is needed, as a clause; absent: in each. */
  when?: string;
  /** Without it, the object is said not to exist: 404, so that ids are not to be tried out. */
  hides?: true;
}

/** A right to read a path that is not an object. */
export interface DeclaredPathRight {
  verb: 'get';
  path: string;
}

/** A right that shows more, without which the route answers all the same. */
export interface ShowingRight extends DeclaredRight {
  /** A noun for the thing that it shows or allows. */
  what: string;
}

/** The rights of a route. */
export type RouteRights =
  | {
      /** Every entry is needed; of a list, one. */
      needs: readonly (DeclaredRight | DeclaredPathRight | readonly DeclaredRight[])[];
      shows?: readonly ShowingRight[];
    }
  | {
      /** Why the route needs no right, as a clause. */
      none: string;
      shows?: readonly ShowingRight[];
    };

/** A route and the rights that it declares. */
export interface DeclaredRoute {
  method: string;
  /** As the router takes it, e.g. `/api/v1/backups/:id`. */
  url: string;
  rights: RouteRights;
}

type Verb = Action['verb'];
type More = Pick<DeclaredRight, 'when' | 'hides' | 'param'>;

const onClaims =
  (scope: RightScope) =>
  (verb: Verb, subresource?: 'backup' | 'archive' | 'restore', more: More = {}): DeclaredRight => ({
    ...{ verb, group: '', resource: 'persistentvolumeclaims', scope },
    ...(subresource && { subresource }),
    ...more,
  });

export const onClaim = onClaims('claim');
export const onArchive = onClaims('archive');
export const onUpload = onClaims('upload');
export const inNamespace = onClaims('namespace');
export const inAllNamespaces = onClaims('everywhere');

/** @param resource of group `nkvm.io` */
export const inNkvm = (
  verb: Verb,
  resource: 'destinations' | 'clusters' | 'settings' | 'audit',
  more: More = {}
): DeclaredRight => ({ verb, group: 'nkvm.io', resource, scope: 'nkvm', ...more });

/** The run is shown to those who may see the backups of its claim; for others it does not exist. */
export const SEE_RUN = onClaim('get', 'backup', { hides: true });

/** Reads what is in an archive: of a backup, of `archive:KEY`, or of `upload:ID`. */
export const READ_ARCHIVE = [
  onArchive('get', 'archive'),
  onUpload('create', 'restore', { hides: true }),
];

/** Shows names of files: lines of tar and of the helper. */
export const SHOWS_FILE_NAMES: ShowingRight = {
  ...onClaim('get', 'archive'),
  what: 'names of files',
};

const SHOWS_OF_VOLUMES_IN = (scope: 'claim' | 'namespace', see: 'get' | 'list'): ShowingRight[] => [
  { verb: 'list', group: '', resource: 'pods', scope: 'namespace', what: 'pods, node and owner' },
  { ...onClaims(scope)(see, 'backup'), what: 'backups' },
  { ...onClaims('claim')('create', 'backup'), what: '`mayBackUp`' },
];
export const SHOWS_OF_VOLUMES = SHOWS_OF_VOLUMES_IN('namespace', 'list');
export const SHOWS_OF_VOLUME = SHOWS_OF_VOLUMES_IN('claim', 'get');

/** @returns `VERB RESOURCE.GROUP/SUBRESOURCE`. */
export const textOfRight = (right: DeclaredRight | DeclaredPathRight): string => {
  if ('path' in right) return `${right.verb} ${right.path}`;
  const { verb, group, resource, subresource } = right;
  const kind = group ? `${resource}.${group}` : resource;
  return `${verb} ${subresource ? `${kind}/${subresource}` : kind}`;
};

/** What to do about a route that declares nothing. */
export const undeclared = (method: string, path: string): Error =>
  new Error(
    `${method} ${path} declares no rights. Add to its options, beside schema: ` +
      `config: { rights: { needs: [onClaim('create', 'backup')] } }, or { none: 'why' } where everybody may ask. ` +
      `sidecar/src/http/rights/declared.ts has the scopes. Rights in the scopes nkvm and everywhere are then enforced before ` +
      `the handler; those in other scopes the handler asks for itself, and routeRights.test.ts needs an example of the route. ` +
      `docs/reference/rights.md needs its row`
  );
