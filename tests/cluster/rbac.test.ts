import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVICE_PROXY_PATH } from '../../sidecar/api/names.ts';
import { kubectl } from './support/kubectl.ts';
import { type Action, allowed, serviceAccount } from './support/rights.ts';

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

describe.each([
  [
    'the runner',
    RUNNER,
    [
      'watch persistentvolumeclaims',
      'list persistentvolumes',
      'watch pods',
      'watch nodes',
      'list storageclasses.storage.k8s.io',
      'watch statefulsets.apps',
      'list cronjobs.batch',
      'create tokenreviews.authentication.k8s.io',
      'create subjectaccessreviews.authorization.k8s.io',
      'create pods shop',
      'delete pods shop',
      'list resourcequotas shop',
      'list limitranges billing',
      'create pods/exec shop',
      'get pods/exec shop',
      'get pods/log billing',
      'list events billing',
      'create events shop',
    ],
    [
      'create pods locked',
      'create pods/exec locked',
      'get pods/log locked',
      'create events locked',
      'create events',
      'create pods nkvm',
      'create pods',
      'list secrets shop',
      'list configmaps shop',
      'patch persistentvolumeclaims shop',
      'delete persistentvolumeclaims shop',
      'create persistentvolumeclaims shop',
      'patch deployments.apps shop',
      'patch statefulsets.apps/scale shop',
      'create resourcequotas shop',
      'list resourcequotas locked',
      'create persistentvolumeclaims/backup shop',
      'impersonate users',
      'create serviceaccounts/token nkvm',
    ],
  ],
  [
    'an administrator of NKVM',
    ADMIN,
    [
      'list persistentvolumeclaims',
      'list pods',
      'create persistentvolumeclaims/backup locked',
      'list persistentvolumeclaims/backup',
      'get persistentvolumeclaims/archive shop',
      'delete persistentvolumeclaims/archive shop',
      'create persistentvolumeclaims/restore shop',
      'update settings.nkvm.io nkvm',
      'get audit.nkvm.io nkvm',
      'create destinations.nkvm.io nkvm',
    ],
    ['get pods', 'create pods shop', 'get secrets nkvm', 'delete persistentvolumeclaims shop'],
  ],
  [
    'a user of shop',
    SHOP_USER,
    [
      'list persistentvolumeclaims shop',
      'list pods shop',
      'create persistentvolumeclaims/backup shop',
      'list persistentvolumeclaims/backup shop',
    ],
    [
      'create persistentvolumeclaims/backup billing',
      'list persistentvolumeclaims',
      'list pods',
      'get persistentvolumeclaims/archive shop',
      'create persistentvolumeclaims/restore shop',
      'get settings.nkvm.io nkvm',
    ],
  ],
  [
    'somebody without any binding',
    NOBODY,
    ['create selfsubjectrulesreviews.authorization.k8s.io'],
    [
      'list persistentvolumeclaims shop',
      'get persistentvolumeclaims/backup shop',
      'get services/proxy nkvm',
    ],
  ],
])('%s', (_, user, needed, refused) => {
  it('may do what its work needs', () => expect(allowedOf(user, needed)).toEqual(needed));
  it('may do nothing beside it', () => expect(allowedOf(user, refused)).toEqual([]));
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
