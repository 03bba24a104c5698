import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { DOCTOR_CHECKS } from '../../sidecar/api/index.ts';
import { NAMESPACE_ROLES, NEEDED_ROLES } from '../../sidecar/src/doctor/neededRights.ts';

const ROOT = join(import.meta.dirname, '../..');
const RBAC = join(ROOT, 'deploy/k8s/rbac');

interface Role {
  kind: string;
  metadata: { name: string };
  rules?: { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] }[];
  roleRef?: { name: string };
  subjects?: { name: string }[];
}
const { resources } = parseAllDocuments(readFileSync(join(RBAC, 'kustomization.yaml'), 'utf8'))
  .map(document => document.toJS() as { resources: string[] })
  .at(0)!;
const objects = resources.flatMap(file =>
  parseAllDocuments(readFileSync(join(RBAC, file), 'utf8')).map(each => each.toJS() as Role)
);

it('deploy/k8s/cluster-wide binds the roles of single namespaces to NKVM, and no other', () => {
  const text = readFileSync(join(ROOT, 'deploy/k8s/cluster-wide/bindings.yaml'), 'utf8');
  const bindings = parseAllDocuments(text).map(each => each.toJS() as Role);
  expect(bindings.map(({ kind, roleRef }) => `${kind} ${roleRef?.name}`)).toEqual(
    NAMESPACE_ROLES.map(({ role }) => `ClusterRoleBinding ${role}`)
  );
  for (const { subjects } of bindings)
    expect(subjects).toEqual([{ kind: 'ServiceAccount', name: 'nkvm-runner', namespace: 'nkvm' }]);
});

it('docs/operations/doctor.md has a row for each check', () => {
  const page = readFileSync(join(ROOT, 'docs/operations/doctor.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| (?!whoever|`get)/gm)].map(([, name]) => name);
  expect(rows).toEqual([...DOCTOR_CHECKS]);
});

it('the doctor looks for each role that is bound to NKVM, and for no other', () => {
  const bound = objects
    .filter(({ subjects }) => subjects?.some(({ name }) => name === 'nkvm-runner'))
    .map(({ roleRef }) => roleRef!.name);
  expect(NEEDED_ROLES.map(({ role }) => role).sort()).toEqual(bound.sort());
});

it.each([...NEEDED_ROLES, ...NAMESPACE_ROLES].filter(({ role }) => !role.startsWith('system:')))(
  'the doctor looks for each right of $role, and for no other',
  ({ role, kind, rules }) => {
    const manifest = objects.find(each => each.kind === kind && each.metadata.name === role);
    const flat = (group: string, resource: string, names: readonly string[], verb: string) =>
      [verb, group, resource, ...names].join(' ');
    const granted = (manifest?.rules ?? []).flatMap(
      ({ apiGroups, resources, resourceNames = [], verbs }) =>
        apiGroups.flatMap(group =>
          resources.flatMap(each => verbs.map(verb => flat(group, each, resourceNames, verb)))
        )
    );
    const looked = rules.flatMap(({ group, resources, names = [], verbs }) =>
      resources.flatMap(each => verbs.map(verb => flat(group, each, names, verb)))
    );
    expect(looked.sort()).toEqual(granted.sort());
  }
);
