import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RIGHTS_OF_ACTIONS } from '../../sidecar/api/names.ts';
import { ROOT } from './support/blocks.ts';
import { bindings, clusterRole, grants, roles } from './support/clusterRoles.ts';
import { allRoutes, PEOPLE, rowOf } from './support/rightsTable.ts';

const page = readFileSync(join(ROOT, 'docs/reference/rights.md'), 'utf8');
const rows = (text: string, first: RegExp) => text.split('\n').filter(line => first.test(line));
/** Prettier may align the cells of a table. */
const plain = (row: string) => row.replaceAll(/ +/g, ' ');

describe('docs/reference/rights.md', () => {
  it('has the row of each route with its rights and the roles that hold them, and no other', async () => {
    const wanted = (await allRoutes()).map(rowOf).map(plain);
    const given = rows(page, /^\| `(GET|POST|PUT|PATCH|DELETE) /).map(plain);
    const missing = wanted.filter(row => !given.includes(row));
    const wrong = given.filter(row => !wanted.includes(row));
    expect(
      { missing, wrong },
      'docs/reference/rights.md: add the rows in `missing` to the table, and delete those in `wrong`'
    ).toEqual({ missing: [], wrong: [] });
    expect(new Set(given).size, 'a row is there twice').toBe(given.length);
  });

  it('names each ClusterRole and Role of deploy', () => {
    const unnamed = roles
      .map(({ metadata }) => metadata.name)
      .filter(name => !page.includes(`\`${name}\``));
    expect(unnamed, 'docs/reference/rights.md: say of each of these roles what it gives').toEqual(
      []
    );
  });
});

describe('the ClusterRoles for people', () => {
  it.each(PEOPLE.slice(1).map((name, at) => [name, PEOPLE[at]!]))(
    '%s has all that %s has',
    (name, before) => {
      const list = (role: string) =>
        (clusterRole(role).rules ?? []).flatMap(({ apiGroups = [], resources = [], verbs }) =>
          resources.flatMap(what => verbs.map(verb => ({ group: apiGroups[0] ?? '', what, verb })))
        );
      const lacking = list(before).filter(({ group, what, verb }) => {
        const [resource = '', subresource] = what.split('/');
        return !grants(clusterRole(name), { verb, group, resource, subresource });
      });
      expect(lacking).toEqual([]);
    }
  );

  it.each(Object.entries(RIGHTS_OF_ACTIONS))(
    'allow to %s by the smallest one that has the rights',
    (_, { rights, role }) => {
      const holds = (name: string) =>
        rights.every(right =>
          grants(clusterRole(name), { ...right, group: '', resource: 'persistentvolumeclaims' })
        );
      expect(PEOPLE.find(holds)).toBe(role);
    }
  );

  it('are bound to nobody but the administrator of NKVM', () => {
    const bound = bindings.filter(({ roleRef }) => PEOPLE.some(name => name === roleRef.name));
    expect(bound.map(({ roleRef, subjects }) => [roleRef.name, subjects])).toEqual([
      ['nkvm-admin', [{ kind: 'ServiceAccount', name: 'nkvm-admin', namespace: 'nkvm' }]],
    ]);
  });

  it('are included in no role of Kubernetes, except by deploy/k8s/rbac-aggregated', () => {
    const aggregated = roles.filter(
      ({ metadata: { name, labels = {} } }) =>
        // Of automatic restores: a person who sees a claim sees the state of its restore.
        name !== 'nkvm-backuprestore-viewer' &&
        Object.keys(labels).some(label =>
          label.startsWith('rbac.authorization.k8s.io/aggregate-to-')
        )
    );
    expect(
      aggregated.map(({ file, metadata: { labels }, aggregationRule }) => [
        file,
        Object.keys(labels ?? {}),
        aggregationRule?.clusterRoleSelectors,
      ])
    ).toEqual(
      [
        ['admin', 'restorer'],
        ['edit', 'operator'],
        ['view', 'viewer'],
      ].map(([to, role]) => [
        `deploy/k8s/rbac-aggregated/${to}.yaml`,
        [`rbac.authorization.k8s.io/aggregate-to-${to}`],
        [{ matchLabels: { 'nkvm.io/role': role } }],
      ])
    );
    const labelled = roles.filter(({ metadata }) => metadata.labels?.['nkvm.io/role']);
    expect(labelled.map(({ metadata }) => metadata.name)).toEqual(PEOPLE.slice(0, 3));
  });
});

/** In no role of deploy: each would be a way around the rights of others. */
const NEVER = [
  ...['escalate', 'bind'].flatMap(verb =>
    ['roles', 'clusterroles'].map(resource => ({
      verb,
      group: 'rbac.authorization.k8s.io',
      resource,
    }))
  ),
  ...['users', 'groups', 'serviceaccounts'].map(resource => ({
    verb: 'impersonate',
    group: '',
    resource,
  })),
  ...['get', 'create'].map(verb => ({ verb, group: '', resource: 'nodes', subresource: 'proxy' })),
  { verb: 'create', group: '', resource: 'serviceaccounts', subresource: 'token' },
  ...['create', 'update', 'patch'].flatMap(verb =>
    ['rolebindings', 'clusterrolebindings', 'roles', 'clusterroles'].map(resource => ({
      ...{ verb, group: 'rbac.authorization.k8s.io', resource },
    }))
  ),
  { verb: 'create', group: 'certificates.k8s.io', resource: 'certificatesigningrequests' },
];

/** Rights that may be granted in one namespace, and never in all of them. */
const NEVER_IN_ALL_NAMESPACES = [
  ...['get', 'list', 'watch'].map(verb => ({ verb, group: '', resource: 'secrets' })),
  ...['get', 'list', 'watch'].map(verb => ({ verb, group: '', resource: 'configmaps' })),
  ...['get', 'create'].map(verb => ({ verb, group: '', resource: 'pods', subresource: 'exec' })),
  ...['create', 'update', 'patch', 'delete'].map(verb => ({ verb, group: '', resource: 'pods' })),
  ...['create', 'update', 'patch', 'delete'].map(verb => ({
    verb,
    group: '',
    resource: 'persistentvolumeclaims',
  })),
  ...['patch', 'update'].map(verb => ({ verb, group: 'apps', resource: 'deployments' })),
];

/** Opt-in: NKVM may work in all namespaces, which its pages say. See docs/operations/README.md. */
const ALL_OPEN = /^deploy\/k8s\/cluster-wide\//;

describe('least privilege in deploy', () => {
  it('no role lets anybody get more rights than they have', () => {
    const found = roles.flatMap(role =>
      NEVER.filter(right => grants(role, right)).map(right => [
        role.file,
        role.metadata.name,
        right,
      ])
    );
    expect(found).toEqual([]);
  });

  it('nothing that is bound in all namespaces reads Secrets, runs commands or changes objects', () => {
    const inAll = bindings.filter(
      ({ kind, roleRef, file }) =>
        kind === 'ClusterRoleBinding' && !roleRef.name.startsWith('system:') && !ALL_OPEN.test(file)
    );
    const found = inAll.flatMap(({ file, roleRef }) =>
      NEVER_IN_ALL_NAMESPACES.filter(right => grants(clusterRole(roleRef.name), right)).map(
        right => [file, roleRef.name, right]
      )
    );
    // Opt-in: it writes on claims that wait for their data which backup they get, see docs/operations/zero-touch.md.
    const patchesClaims = { verb: 'patch', group: '', resource: 'persistentvolumeclaims' };
    expect(found).toEqual([['deploy/k8s/zero-touch/rights.yaml', 'nkvm-populator', patchesClaims]]);
  });

  it('no other account in the namespace of NKVM may do more in Kubernetes than NKVM itself', () => {
    const ofAccount = (name: string) =>
      bindings.filter(
        ({ kind, file, subjects }) =>
          kind === 'ClusterRoleBinding' &&
          /^deploy\/k8s\/rbac\//.test(file) &&
          subjects.some(subject => subject.name === name && subject.namespace === 'nkvm')
      );
    const own = ofAccount('nkvm-runner')
      .filter(({ roleRef }) => !roleRef.name.startsWith('system:'))
      .map(({ roleRef }) => clusterRole(roleRef.name));
    // Only NKVM asks about these.
    const ofNkvm = /^(nkvm\.io|persistentvolumeclaims\/(backup|archive|restore))$/;
    const rightsOf = (name: string) =>
      ofAccount(name)
        .flatMap(({ roleRef }) => clusterRole(roleRef.name).rules ?? [])
        .flatMap(({ apiGroups = [], resources = [], verbs }) =>
          apiGroups.flatMap(group =>
            resources
              .filter(resource => !ofNkvm.test(group) && !ofNkvm.test(resource))
              .flatMap(resource => verbs.map(verb => ({ verb, group, resource })))
          )
        );
    const admin = rightsOf('nkvm-admin');
    expect(admin).toContainEqual({ verb: 'list', group: '', resource: 'pods' });
    expect(admin.filter(right => !own.some(role => grants(role, right)))).toEqual([]);
  });

  it('only one role of Kubernetes itself is bound: to review tokens and rights', () => {
    const own = new Set(roles.map(({ metadata }) => metadata.name));
    const others = bindings.filter(({ roleRef }) => !own.has(roleRef.name));
    expect(
      others.map(({ roleRef, subjects }) => [roleRef.name, subjects.map(({ name }) => name)])
    ).toEqual([
      ['system:auth-delegator', ['nkvm-runner']],
      ['system:auth-delegator', ['nkvm-runner']], // in another cluster: deploy/k8s/remote
    ]);
  });
});
