import { expect } from 'vitest';
import { until } from '../../cluster/support/until.ts';
import type { Area } from '../cluster.ts';
import type { Any, World } from '../world.ts';

const AUTHORIZATION = '/apis/authorization.k8s.io/v1';

/** Rights on claims of the namespace. */
async function may(world: World, user: string, attributes: Any): Promise<boolean> {
  const resourceAttributes = {
    resource: 'persistentvolumeclaims',
    namespace: world.namespace,
    ...attributes,
  };
  const spec = { user, groups: ['system:authenticated'], resourceAttributes };
  const { json } = await world.client.post(`${AUTHORIZATION}/subjectaccessreviews`, { spec });
  return json.status.allowed;
}

/** Rights are there a moment after their objects. */
const soon = (look: () => Promise<boolean>) => until('the right is there', look, 10_000);

/** Binds a ClusterRole to a user in the namespace. */
async function bind(world: World, user: string, clusterRole: string): Promise<void> {
  await world.client.post(`${world.in('/apis/rbac.authorization.k8s.io/v1')}/rolebindings`, {
    metadata: { name: world.name('binding') },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: clusterRole },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  });
}

const CLAIM = 'orders-db';

export const rights: Area = {
  title: 'Rights',
  behaviours: [
    {
      says: 'decides on a subresource that nothing serves, by name: persistentvolumeclaims/backup of one claim',
      async holds(world) {
        const { name, user } = await world.account();
        await world.grant(name, [
          {
            apiGroups: [''],
            resources: ['persistentvolumeclaims/backup'],
            resourceNames: [CLAIM],
            verbs: ['create'],
          },
        ]);
        const wanted = { verb: 'create', subresource: 'backup', name: CLAIM };
        await soon(() => may(world, user, wanted));
        expect(await may(world, user, { ...wanted, name: 'other' })).toBe(false);
        expect(await may(world, user, { ...wanted, name: undefined })).toBe(false);
        expect(await may(world, user, { ...wanted, verb: 'get' })).toBe(false);
        expect(await may(world, user, { ...wanted, subresource: 'archive' })).toBe(false);
        expect(await may(world, user, { ...wanted, subresource: undefined })).toBe(false);
        expect(await may(world, user, { ...wanted, namespace: 'default' })).toBe(false);
        expect(await may(world, user, { ...wanted, namespace: undefined })).toBe(false);
        expect(await may(world, user, { ...wanted, group: 'nkvm.io' })).toBe(false);
      },
    },
    {
      says: 'takes * for every resource, and */SUBRESOURCE for that subresource of every resource',
      async holds(world) {
        const [one, all] = [await world.account(), await world.account()];
        await world.grant(one.name, [{ apiGroups: ['*'], resources: ['*/backup'], verbs: ['*'] }]);
        await world.grant(all.name, [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]);
        const backup = { verb: 'create', subresource: 'backup', name: CLAIM };
        await soon(() => may(world, one.user, backup));
        await soon(() => may(world, all.user, backup));
        const archive = { ...backup, subresource: 'archive' };
        expect(await may(world, one.user, archive)).toBe(false);
        expect(await may(world, all.user, archive)).toBe(true);
      },
    },
    {
      says: 'lets view, edit and admin see claims, and gives none of them a subresource of its own accord',
      async holds(world) {
        for (const role of ['view', 'edit', 'admin']) {
          const user = world.name(role);
          await bind(world, user, role);
          await soon(() => may(world, user, { verb: 'list' }));
          for (const subresource of ['backup', 'archive', 'restore']) {
            const wanted = { verb: 'create', subresource, name: CLAIM };
            expect(await may(world, user, wanted), `${role} ${subresource}`).toBe(false);
          }
        }
      },
    },
    {
      says: 'lets edit and admin mint tokens of ServiceAccounts, run commands and use the service proxy, and view not',
      async holds(world) {
        for (const [role, isAllowed] of [
          ['view', false],
          ['edit', true],
          ['admin', true],
        ] as const) {
          const user = world.name(role);
          await bind(world, user, role);
          await soon(() => may(world, user, { verb: 'get' }));
          for (const wanted of [
            { verb: 'create', resource: 'serviceaccounts', subresource: 'token' },
            { verb: 'create', resource: 'pods', subresource: 'exec' },
            { verb: 'get', resource: 'services', subresource: 'proxy' },
          ]) {
            expect(await may(world, user, wanted), `${role} ${wanted.subresource}`).toBe(isAllowed);
          }
          const binds = {
            verb: 'create',
            group: 'rbac.authorization.k8s.io',
            resource: 'rolebindings',
          };
          expect(await may(world, user, binds)).toBe(role === 'admin');
        }
      },
    },
    {
      says: 'gives members of a group what the group is given',
      async holds(world) {
        const rbac = world.in('/apis/rbac.authorization.k8s.io/v1');
        const group = world.name('group');
        await world.client.post(`${rbac}/rolebindings`, {
          metadata: { name: group },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
          subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
        });
        const asks = async (groups: string[]) => {
          const resourceAttributes = { verb: 'get', resource: 'pods', namespace: world.namespace };
          const spec = { user: 'nobody', groups, resourceAttributes };
          const { json } = await world.client.post(`${AUTHORIZATION}/subjectaccessreviews`, {
            spec,
          });
          return json.status.allowed;
        };
        await soon(() => asks([group]));
        expect(await asks(['other'])).toBe(false);
      },
    },
    {
      says: 'refuses a review without user and groups, or without attributes, with 422',
      async holds({ client }) {
        const path = `${AUTHORIZATION}/subjectaccessreviews`;
        const nobody = { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } };
        expect((await client.post(path, nobody)).status).toBe(422);
        expect((await client.post(path, { spec: { user: 'alice' } })).status).toBe(422);
      },
    },
    {
      says: 'tells callers what they may do themselves, one by one and as a list of rules',
      async holds(world) {
        const { name, token } = await world.account();
        const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] };
        await world.grant(name, [rule]);
        const resourceAttributes = {
          verb: 'get',
          resource: 'configmaps',
          namespace: world.namespace,
        };
        const self = async (attributes: Any) => {
          const spec = { resourceAttributes: attributes };
          const path = `${AUTHORIZATION}/selfsubjectaccessreviews`;
          return (await world.client.post(path, { spec }, { token })).json.status.allowed;
        };
        await soon(() => self(resourceAttributes));
        expect(await self({ ...resourceAttributes, verb: 'delete' })).toBe(false);
        const rules = await world.client.post(
          `${AUTHORIZATION}/selfsubjectrulesreviews`,
          { spec: { namespace: world.namespace } },
          { token }
        );
        expect(rules.json.status.resourceRules).toContainEqual(rule);
        expect(rules.json.status.incomplete).toBe(false);
      },
    },
    {
      says: 'refuses with 403 and one sentence: who, what, where; by name, in a namespace, in the cluster, a subresource',
      async holds(world) {
        const { user, token } = await world.account();
        const { client, here, namespace } = world;
        const claims = `"${user}" cannot list resource "persistentvolumeclaims" in API group ""`;
        const refusals: [string, string, string][] = [
          [
            'GET',
            `${here}/persistentvolumeclaims`,
            `persistentvolumeclaims is forbidden: User ${claims} in the namespace "${namespace}"`,
          ],
          [
            'GET',
            '/api/v1/persistentvolumeclaims',
            `persistentvolumeclaims is forbidden: User ${claims} at the cluster scope`,
          ],
          [
            'GET',
            `${world.in('/apis/apps/v1')}/deployments/x`,
            `deployments.apps "x" is forbidden: User "${user}" cannot get resource "deployments" in API group "apps" in the namespace "${namespace}"`,
          ],
          [
            'POST',
            `${here}/serviceaccounts/x/token`,
            `serviceaccounts "x" is forbidden: User "${user}" cannot create resource "serviceaccounts/token" in API group "" in the namespace "${namespace}"`,
          ],
          ['GET', '/metrics', `forbidden: User "${user}" cannot get path "/metrics"`],
        ];
        for (const [method, path, message] of refusals) {
          const { status, json } = await client.request(method, path, { token });
          expect(status).toBe(403);
          expect(json).toMatchObject({ kind: 'Status', reason: 'Forbidden', code: 403, message });
        }
      },
    },
    {
      says: 'counts a caller without token as system:anonymous, who sees the version and no objects',
      async holds({ client, here }) {
        expect((await client.get('/version', { token: '' })).status).toBe(200);
        const { status, json } = await client.get(`${here}/pods`, { token: '' });
        expect(status).toBe(403);
        expect(json.message).toContain('User "system:anonymous" cannot list resource "pods"');
      },
    },
  ],
};
