import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ROOT } from './blocks.ts';

/** One rule of a Role or ClusterRole. */
export interface Rule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
  verbs: string[];
}

/** A Role or ClusterRole of the manifests. */
export interface Role {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  rules?: Rule[];
  aggregationRule?: { clusterRoleSelectors: { matchLabels: Record<string, string> }[] };
}

/** A RoleBinding or ClusterRoleBinding of the manifests. */
export interface Binding {
  kind: string;
  metadata: { name: string; namespace?: string };
  roleRef: { kind: string; name: string };
  subjects: { kind: string; name: string; namespace?: string }[];
}

/** tests/deploy/remoteRights.test.ts compares them with the originals. */
const COPIES = ['deploy/k8s/remote/people.yaml'];

const documents = globSync('deploy/**/*.yaml', { cwd: ROOT })
  .filter(file => !COPIES.includes(file))
  .sort()
  .flatMap(file =>
    parseAllDocuments(readFileSync(join(ROOT, file), 'utf8')).map(
      document => ({ file, ...(document.toJS() as object) } as { file: string; kind?: string })
    )
  );
const ofKinds = <T>(...kinds: string[]) =>
  documents.filter(({ kind }) => kind !== undefined && kinds.includes(kind)) as unknown as (T & {
    file: string;
  })[];

/** Of deploy, sorted by file. */
export const roles = ofKinds<Role>('Role', 'ClusterRole');
export const bindings = ofKinds<Binding>('RoleBinding', 'ClusterRoleBinding');

/** @throws when deploy has no ClusterRole of this name */
export function clusterRole(name: string): Role {
  const found = roles.find(
    ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === name
  );
  if (!found) throw new Error(`deploy has no ClusterRole ${name}`);
  return found;
}

/** A right on any object of a resource, or on a path. */
export type Asked =
  | { verb: string; group: string; resource: string; subresource?: string | undefined }
  | { verb: string; path: string };

const has = (list: readonly string[] | undefined, wanted: string): boolean =>
  list?.some(each => each === '*' || each === wanted) ?? false;

/** @returns whether a rule gives the right, as the API server's RBAC authorizer decides; on one name only counts as no. */
const ruleGrants = (rule: Rule, right: Asked): boolean => {
  if (!has(rule.verbs, right.verb)) return false;
  if ('path' in right) return has(rule.nonResourceURLs, right.path);
  const { group, resource, subresource } = right;
  const what = subresource ? `${resource}/${subresource}` : resource;
  const names = [what, ...(subresource ? [`*/${subresource}`] : [])];
  return (
    !rule.resourceNames &&
    has(rule.apiGroups, group) &&
    names.some(each => has(rule.resources, each))
  );
};

export const grants = ({ rules = [] }: Role, right: Asked): boolean =>
  rules.some(rule => ruleGrants(rule, right));
