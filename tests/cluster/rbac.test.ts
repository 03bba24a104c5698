import { isIP } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { AuditList } from '../../sidecar/api/index.ts';
import { SERVICE_PROXY_PATH } from '../../sidecar/api/names.ts';
import { kubectl } from './support/kubectl.ts';
import { type Action, allowed, serviceAccount } from './support/rights.ts';
import { apiThroughServiceProxy } from './support/service-proxy.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';

const RUNNER = serviceAccount('nkvm', 'nkvm-runner');
const ADMIN = serviceAccount('nkvm', 'nkvm-admin');
const SHOP_USER = serviceAccount('shop', 'nkvm-user');
const NOBODY = serviceAccount('shop', 'default');

/** `create pods/exec shop` or `get settings.nkvm.io nkvm`; without a namespace: in all of them. */
function parse(text: string): Action {
  const [verb = '', what = '', namespace] = text.split(' ');
  const [resource = '', subresource] = what.split('/');
  const [plural = '', ...group] = resource.split('.');
  return { verb, resource: plural, group: group.join('.'), subresource, namespace };
}

const allowedOf = (user: string, texts: readonly string[]): string[] =>
  allowed(
    user,
    texts.map(text => ({ ...parse(text), text }))
  ).map(({ text }) => text);

// kubectl blocks this process: the test runner's own messages take their turn between the tests.
afterEach(async () => void (await pause(10)));

/** Bound to the roles for people in shop, and to nothing else. */
const PEOPLE = {
  viewer: serviceAccount('shop', 'matrix-viewer'),
  operator: serviceAccount('shop', 'matrix-operator'),
  restorer: serviceAccount('shop', 'matrix-restorer'),
};
const SUBJECTS = { ...PEOPLE, admin: ADMIN, runner: RUNNER, user: SHOP_USER, nobody: NOBODY };
type Who = keyof typeof SUBJECTS;

/** Who has which right; all others of SUBJECTS do not have it. `user` is that of shop in the fixture: an operator. */
const MATRIX: [right: string, who: string][] = [
  // volumes
  ['list persistentvolumeclaims shop', 'viewer operator restorer admin runner user'],
  ['list persistentvolumeclaims', 'admin runner'],
  ['list persistentvolumeclaims billing', 'admin runner'],
  ['list pods shop', 'viewer operator restorer admin runner user'],
  ['list pods', 'admin runner'],
  ['get pods shop', 'runner'],
  // NKVM's own rights
  ['get persistentvolumeclaims/backup shop', 'viewer operator restorer admin user'],
  ['list persistentvolumeclaims/backup shop', 'viewer operator restorer admin user'],
  ['list persistentvolumeclaims/backup', 'admin'],
  ['get persistentvolumeclaims/backup billing', 'admin'],
  ['create persistentvolumeclaims/backup shop', 'operator restorer admin user'],
  ['create persistentvolumeclaims/backup billing', 'admin'],
  ['create persistentvolumeclaims/backup locked', 'admin'],
  ['get persistentvolumeclaims/archive shop', 'restorer admin'],
  ['get persistentvolumeclaims/archive billing', 'admin'],
  ['delete persistentvolumeclaims/archive shop', 'admin'],
  ['create persistentvolumeclaims/restore shop', 'restorer admin'],
  ['create persistentvolumeclaims/restore billing', 'admin'],
  ['get destinations.nkvm.io nkvm', 'admin'],
  ['create destinations.nkvm.io nkvm', 'admin'],
  ['update settings.nkvm.io nkvm', 'admin'],
  ['get audit.nkvm.io nkvm', 'admin'],
  // what a helper takes, in the namespaces that are open
  ['create pods shop', 'runner'],
  ['delete pods shop', 'runner'],
  ['create pods/exec shop', 'runner'],
  ['get pods/exec shop', 'runner'],
  ['get pods/log billing', 'runner'],
  ['list resourcequotas shop', 'runner'],
  ['list limitranges billing', 'runner'],
  ['list events billing', 'runner'],
  ['create events shop', 'runner'],
  // …and nowhere else
  ['create pods locked', ''],
  ['create pods nkvm', ''],
  ['create pods', ''],
  ['create pods/exec locked', ''],
  ['create pods/exec', ''],
  ['get pods/exec', ''],
  ['create pods/attach shop', ''],
  ['create pods/portforward shop', ''],
  ['create pods/ephemeralcontainers shop', ''],
  ['get pods/log locked', ''],
  ['create events locked', ''],
  ['create events', ''],
  ['list resourcequotas locked', ''],
  ['create resourcequotas shop', ''],
  // the cluster
  ['list persistentvolumes', 'runner'],
  ['watch nodes', 'runner'],
  ['list namespaces', 'runner'],
  ['list storageclasses.storage.k8s.io', 'runner'],
  ['watch statefulsets.apps', 'runner'],
  ['list cronjobs.batch', 'runner'],
  ['patch nodes', ''],
  ['get nodes/proxy', ''],
  ['create nodes/proxy', ''],
  ['create namespaces', ''],
  // Secrets and configuration
  ['list secrets nkvm', 'runner'],
  ['create secrets nkvm', 'runner'],
  ['create secrets shop', ''],
  ['get secrets shop', ''],
  ['list secrets', ''],
  ['list configmaps shop', ''],
  // volumes and workloads change only where nkvm-restore is bound
  ['create persistentvolumeclaims shop', ''],
  ['patch persistentvolumeclaims shop', ''],
  ['delete persistentvolumeclaims shop', ''],
  ['patch deployments.apps shop', ''],
  ['patch statefulsets.apps/scale shop', ''],
  // rights over rights
  ['create tokenreviews.authentication.k8s.io', 'runner'],
  ['create subjectaccessreviews.authorization.k8s.io', 'runner'],
  [
    'create selfsubjectrulesreviews.authorization.k8s.io',
    'viewer operator restorer admin runner user nobody',
  ],
  ['escalate clusterroles.rbac.authorization.k8s.io', ''],
  ['bind clusterroles.rbac.authorization.k8s.io', ''],
  ['escalate roles.rbac.authorization.k8s.io shop', ''],
  ['bind roles.rbac.authorization.k8s.io shop', ''],
  ['create clusterrolebindings.rbac.authorization.k8s.io', ''],
  ['create rolebindings.rbac.authorization.k8s.io shop', ''],
  ['create rolebindings.rbac.authorization.k8s.io nkvm', ''],
  ['impersonate users', ''],
  ['impersonate groups', ''],
  ['impersonate serviceaccounts shop', ''],
  ['create serviceaccounts/token nkvm', ''],
  ['create serviceaccounts/token shop', ''],
  ['create certificatesigningrequests.certificates.k8s.io', ''],
  ['create mutatingwebhookconfigurations.admissionregistration.k8s.io', ''],
  // every authenticated user may use the proxy to the Service, and no other proxy
  ['get services/proxy nkvm', ''],
  ['create services/proxy shop', ''],
];

const bindInShop = (name: string, role: string, ...subject: string[]) =>
  kubectl(['create', 'rolebinding', name, '--namespace=shop', `--clusterrole=${role}`, ...subject]);
const unbindInShop = (...names: string[]) =>
  void kubectl(['delete', 'rolebinding', '--namespace=shop', '--ignore-not-found', ...names]);

describe('the matrix of rights', () => {
  const names = Object.keys(PEOPLE);
  beforeAll(() => {
    unbindInShop(...names.map(name => `matrix-${name}`));
    for (const name of names)
      bindInShop(`matrix-${name}`, `nkvm-${name}`, `--serviceaccount=shop:matrix-${name}`);
  });
  afterAll(() => unbindInShop(...names.map(name => `matrix-${name}`)));

  it.each(Object.keys(SUBJECTS) as Who[])('of %s is what it should be', who => {
    const expected = MATRIX.filter(([, all]) => all.split(' ').includes(who));
    expect(
      allowedOf(
        SUBJECTS[who],
        MATRIX.map(([right]) => right)
      )
    ).toEqual(expected.map(([right]) => right));
  });
});

describe('roles of Kubernetes', () => {
  const OF = { 'edit-of-shop': 'edit', 'view-of-shop': 'view', 'admin-of-shop': 'admin' };
  const RIGHTS = [
    'get persistentvolumeclaims/backup shop',
    'create persistentvolumeclaims/backup shop',
    'get persistentvolumeclaims/archive shop',
    'create persistentvolumeclaims/restore shop',
    'delete persistentvolumeclaims/archive shop',
    'get persistentvolumeclaims/backup billing',
    'get destinations.nkvm.io shop',
  ];
  const OVERLAY = join(import.meta.dirname, '../../deploy/k8s/rbac-aggregated');
  const endAggregation = () => void kubectl(['delete', '-k', OVERLAY, '--ignore-not-found']);
  const rightsOf = (user: string) => allowedOf(user, RIGHTS).length;
  /** @returns whether the administrator of shop may bind the role there. */
  const mayGrant = (role: string): boolean => {
    const subject = ['--serviceaccount=shop:matrix-friend', '--dry-run=server'];
    try {
      bindInShop('matrix-grant', role, ...subject, '--as=admin-of-shop');
      return true;
    } catch (error) {
      expect(String(error)).toMatch(/attempting to grant RBAC permissions not currently held/);
      return false;
    }
  };

  beforeAll(() => {
    endAggregation();
    unbindInShop(...Object.keys(OF));
    for (const [user, role] of Object.entries(OF)) bindInShop(user, role, `--user=${user}`);
  });
  afterAll(() => {
    endAggregation();
    unbindInShop(...Object.keys(OF));
  });

  it('hold none of the rights of NKVM, and cannot grant them', async () => {
    await until('nothing is aggregated', () => rightsOf('admin-of-shop') === 0, 60_000);
    expect(Object.keys(OF).map(rightsOf)).toEqual([0, 0, 0]);
    expect(['nkvm-viewer', 'nkvm-restorer'].map(mayGrant)).toEqual([false, false]);
  });

  it('hold them where an administrator lets them, each its part, and in no other namespace', async () => {
    kubectl(['apply', '-k', OVERLAY]);
    await until(
      'admin has the rights of a restorer',
      () => rightsOf('admin-of-shop') === 4,
      60_000
    );
    expect(allowedOf('view-of-shop', RIGHTS)).toEqual(RIGHTS.slice(0, 1));
    expect(allowedOf('edit-of-shop', RIGHTS)).toEqual(RIGHTS.slice(0, 2));
    expect(allowedOf('admin-of-shop', RIGHTS)).toEqual(RIGHTS.slice(0, 4));
  });

  it('then let their administrators grant what they hold, and no more', () => {
    const roles = ['nkvm-viewer', 'nkvm-operator', 'nkvm-restorer', 'nkvm-admin'];
    expect(roles.filter(mayGrant)).toEqual(roles.slice(0, 3));
  });
});

describe('the role nkvm-restore, bound in one namespace', () => {
  const RESTORER = serviceAccount('shop', 'restorer');
  beforeAll(() => {
    const role = ['--clusterrole=nkvm-restore', '--serviceaccount=shop:restorer'];
    kubectl(['create', 'rolebinding', 'restorer', '--namespace=shop', ...role]);
  });
  afterAll(() => void kubectl(['delete', 'rolebinding', 'restorer', '--namespace=shop']));

  const needed = [
    'create pods shop',
    'delete pods shop',
    'create pods/exec shop',
    'create events shop',
    'get persistentvolumeclaims shop',
    'create persistentvolumeclaims shop',
    'patch persistentvolumeclaims shop',
    'delete persistentvolumeclaims shop',
    'list resourcequotas shop',
    'list limitranges shop',
    'patch deployments.apps shop',
    'patch statefulsets.apps shop',
    'patch replicasets.apps shop',
    'patch cronjobs.batch shop',
    'list horizontalpodautoscalers.autoscaling shop',
  ];
  it('grants what a restore needs', () => expect(allowedOf(RESTORER, needed)).toEqual(needed));
  it('grants nothing beside it, and nothing elsewhere', () =>
    expect(
      allowedOf(RESTORER, [
        'create persistentvolumeclaims billing',
        'patch deployments.apps billing',
        'create deployments.apps shop',
        'delete deployments.apps shop',
        'get secrets shop',
        'update persistentvolumeclaims shop',
        'list persistentvolumes',
        'create persistentvolumeclaims/restore shop',
      ])
    ).toEqual([]));
});

describe('kubectl auth can-i', () => {
  const canI = (user: string): string => {
    const question = [
      'create',
      'persistentvolumeclaims/orders-db',
      '--subresource=backup',
      '--namespace=shop',
    ];
    try {
      return kubectl(['auth', 'can-i', ...question, `--as=${user}`]).trim();
    } catch (error) {
      return /: (no)$/m.exec(String(error))?.[1] ?? String(error);
    }
  };

  it('gives the answer that NKVM gives', () => {
    expect([canI(ADMIN), canI(SHOP_USER), canI(NOBODY)]).toEqual(['yes', 'yes', 'no']);
  });
});

describe('the door', () => {
  const ask = (path: string): string => kubectl(['get', '--raw', path, `--as=${NOBODY}`]);

  it('lets every authenticated user through to the API, which lets nobody in without a token', () => {
    expect(ask(`${SERVICE_PROXY_PATH}/healthz`)).toBe('ok');
    expect(() => ask(`${SERVICE_PROXY_PATH}/api/v1/volumes`)).toThrow(
      /Unauthorized|must be logged in|401/
    );
  });

  it('opens no other way to the pod', () => {
    const byNumber = '/api/v1/namespaces/nkvm/services/nkvm:80/proxy/healthz';
    expect(() => ask(byNumber)).toThrow(/Forbidden/);
  });

  it('tells "not installed" from "no right"', () => {
    const get = { verb: 'get', resource: 'services', namespace: 'nkvm' };
    const named = ['nkvm', 'another'].map(name => ({ ...get, name }));
    expect(allowed(NOBODY, named).map(({ name }) => name)).toEqual(['nkvm']);
  });
});

describe('Secrets in the namespace of NKVM', () => {
  const MINE = { labels: { 'nkvm.io/cluster': 'edge' } };
  const secret = (name: string, metadata: object, type = 'Opaque'): string =>
    JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Secret', type },
      metadata: { name, namespace: 'nkvm', ...metadata },
    });
  const asRunner = (args: string[], input?: string): string =>
    kubectl([...args, '--namespace=nkvm', '--dry-run=server', `--as=${RUNNER}`], input);
  const create = (text: string) => asRunner(['create', '--filename=-'], text);
  const GUARD = /nkvm-runner may write Opaque Secrets with the label nkvm.io\/cluster/;

  it('can be written by NKVM where they are of clusters, and not to get a token of another account', () => {
    expect(create(secret('guard-cluster', MINE))).toContain('created');
    const of = { annotations: { 'kubernetes.io/service-account.name': 'nkvm-admin' } };
    const type = 'kubernetes.io/service-account-token';
    for (const metadata of [of, { ...MINE, ...of }])
      expect(() => create(secret('guard-token', metadata, type))).toThrow(GUARD);
    expect(() => create(secret('guard-any', {}))).toThrow(GUARD);
  });

  it('of destinations and of people are neither changed nor deleted by NKVM', () => {
    kubectl(['create', '--filename=-'], secret('guard-of-people', {}));
    onTestFinished(() => void kubectl(['delete', 'secret', 'guard-of-people', '-nnkvm']));
    const patch = JSON.stringify({ metadata: MINE });
    const change = ['patch', 'secret', 'guard-of-people', `--patch=${patch}`];
    expect(() => asRunner(change)).toThrow(GUARD);
    expect(() => asRunner(['delete', 'secret', 'guard-of-people'])).toThrow(GUARD);
  });
});

describe('the audit log', () => {
  it('names the owner of the token and the client of the API server, whatever else a call says', async () => {
    const proxy = await apiThroughServiceProxy();
    onTestFinished(() => proxy.stop());
    const theirs = token('nkvm-user', 'shop');
    const { jti } = JSON.parse(Buffer.from(theirs.split('.')[1] ?? '', 'base64url').toString());
    const answer = await proxy.fetch('/api/v1/backups', theirs, {
      method: 'POST',
      headers: {
        ...{ 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' },
        ...{ 'x-remote-user': 'system:admin', 'x-forwarded-uid': 'uid-of-another' },
      },
      body: JSON.stringify({ volumes: [{ namespace: 'billing', name: 'statements' }] }),
    });
    expect(answer.status).toBe(403);
    const { entries } = AuditList.parse(
      await (await proxy.fetch('/api/v1/audit?action=backup.start&result=refused', token())).json()
    );
    const entry = entries.find(({ actor }) => actor.credential === `JTI=${jti}`);
    const uid = kubectl(['get', 'sa', 'nkvm-user', '-nshop', '--output=jsonpath={.metadata.uid}']);
    expect(entry).toMatchObject({
      actor: { kind: 'serviceAccount', name: SHOP_USER, uid },
      claims: [{ namespace: 'billing', name: 'statements' }],
      ...{ status: 403, reason: 'Forbidden', runs: [] },
    });
    const { peer, client } = entry?.from ?? {};
    // `kubectl proxy` is the client of the API server, which is the client of NKVM.
    expect([isIP(peer ?? ''), isIP(client ?? '')]).not.toContain(0);
    expect(client).not.toBe('203.0.113.9');
  });
});
