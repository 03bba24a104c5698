import type {
  DeclaredPathRight,
  DeclaredRight,
  DeclaredRoute,
  RightScope,
  RouteRights,
} from '../../../sidecar/src/http/rights/declared.ts';
import { textOfRight } from '../../../sidecar/src/http/rights/declared.ts';
import type { RestoreEngine } from '../../../sidecar/src/restore/types.ts';
import { httpWorld } from '../../../sidecar/src/testing/httpWorld.ts';
import { clusterRole, grants } from './clusterRoles.ts';

/** ClusterRoles for people, each with all that the one before has. */
export const PEOPLE = ['nkvm-viewer', 'nkvm-operator', 'nkvm-restorer', 'nkvm-admin'] as const;

/** @returns all routes of the API in the order in which the server registers them. */
export async function allRoutes(): Promise<DeclaredRoute[]> {
  const refuse = async () => Promise.reject(new Error('not asked'));
  const never: RestoreEngine = {
    plan: refuse,
    admit: refuse,
    undoOf() {
      throw new Error('not asked');
    },
  };
  const routes: DeclaredRoute[] = [];
  const onRoute = (route: DeclaredRoute): void => void routes.push(route);
  const world = await httpWorld({ restores: never, drills: never, onRoute });
  await world.close();
  return routes;
}

const SCOPES: Record<RightScope, string> = {
  claim: 'on the claim',
  archive: 'on the claim that was backed up',
  upload: 'in the namespace of the upload',
  namespace: 'in the namespace',
  nkvm: 'in the namespace of NKVM',
  everywhere: 'in all namespaces',
};

type Right = DeclaredRight | DeclaredPathRight;
type Needed = Right | readonly DeclaredRight[];

const anyOf = (needed: Needed): readonly Right[] =>
  Array.isArray(needed) ? (needed as readonly DeclaredRight[]) : [needed as Right];

const textOf = (right: Right): string => {
  const text = `\`${textOfRight(right)}\``;
  if ('path' in right) return text;
  return `${text} ${SCOPES[right.scope]}${right.when === undefined ? '' : `, where ${right.when}`}`;
};

const isConditional = (needed: Needed): boolean =>
  anyOf(needed).every(right => 'when' in right && right.when !== undefined);

/** @returns what a role allows: everything, what needs no conditional right, or nothing. */
export function allows(roleName: string, rights: RouteRights): 'yes' | 'partly' | 'no' {
  if (!('needs' in rights)) return 'yes';
  const role = clusterRole(roleName);
  const isHeld = (needed: Needed) => anyOf(needed).some(right => grants(role, right));
  if (rights.needs.every(isHeld)) return 'yes';
  const always = rights.needs.filter(each => !isConditional(each));
  const sometimes = rights.needs.filter(isConditional);
  // One condition may be the normal case, without any of them; of two, one is met.
  const isMet = sometimes.length < 2 || sometimes.some(isHeld);
  return always.every(isHeld) && isMet ? 'partly' : 'no';
}

/** @returns the row of a route in docs/reference/rights.md. */
export function rowOf({ method, url, rights }: DeclaredRoute): string {
  const path = url
    .replace(/^\/api\/v1\//, '')
    .replaceAll(/:(\w+)/g, (_, name: string) => name.toUpperCase());
  const needs =
    'needs' in rights
      ? rights.needs.map(needed => anyOf(needed).map(textOf).join(' or ')).join('; ')
      : `none: ${rights.none}`;
  const shows = (rights.shows ?? []).map(({ what, ...right }) => `${what}: ${textOf(right)}`);
  const cells = [
    `\`${method} ${path}\``,
    needs,
    ...PEOPLE.map(role => allows(role, rights)),
    shows.join('; '),
  ];
  return `| ${cells.join(' | ')} |`;
}
