import { expect } from 'vitest';
import type { Area } from '../cluster.ts';

export const objects: Area = {
  title: 'Objects',
  behaviours: [
    {
      says: 'answers a get of what is not there with 404 and a Status that names it',
      async holds({ client, here }) {
        const { status, json } = await client.get(`${here}/persistentvolumeclaims/none`);
        expect(status).toBe(404);
        expect(json).toEqual({
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: 'persistentvolumeclaims "none" not found',
          reason: 'NotFound',
          details: { name: 'none', kind: 'persistentvolumeclaims' },
          code: 404,
        });
      },
    },
    {
      says: 'names the group, too, where the kind is not of the core group',
      async holds(world) {
        const { json } = await world.client.get(`${world.in('/apis/apps/v1')}/deployments/none`);
        expect(json.message).toBe('deployments.apps "none" not found');
        expect(json.details).toEqual({ name: 'none', group: 'apps', kind: 'deployments' });
      },
    },
    {
      says: 'answers a create of what is there with 409 AlreadyExists',
      async holds(world) {
        const { metadata } = await world.configMap();
        const again = { metadata: { name: metadata.name } };
        const { status, json } = await world.client.post(`${world.here}/configmaps`, again);
        expect(status).toBe(409);
        expect(json.reason).toBe('AlreadyExists');
        expect(json.message).toBe(`configmaps "${metadata.name}" already exists`);
      },
    },
    {
      says: 'answers a create in a namespace that is not there with 404 for the namespace',
      async holds({ client }) {
        const path = '/api/v1/namespaces/contract-none/configmaps';
        const { status, json } = await client.post(path, { metadata: { name: 'a' } });
        expect(status).toBe(404);
        expect(json.message).toBe('namespaces "contract-none" not found');
      },
    },
    {
      says: 'gives a new object uid, resourceVersion and creationTimestamp, and five characters behind generateName',
      async holds(world) {
        const { metadata } = await world.create('configmaps', {
          metadata: { generateName: 'made-' },
        });
        expect(metadata.name).toMatch(/^made-[a-z0-9]{5}$/);
        expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
        expect(metadata.resourceVersion).toMatch(/^\d+$/);
        expect(metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expect(metadata.namespace).toBe(world.namespace);
      },
    },
    {
      says: 'refuses a name with capitals with 422 and names the field',
      async holds({ client, here }) {
        const { status, json } = await client.post(`${here}/configmaps`, {
          metadata: { name: 'Shop' },
        });
        expect(status).toBe(422);
        expect(json.reason).toBe('Invalid');
        expect(json.message).toMatch(
          /^ConfigMap "Shop" is invalid: metadata\.name: Invalid value: "Shop"/
        );
        expect(json.details.causes[0]).toMatchObject({
          reason: 'FieldValueInvalid',
          field: 'metadata.name',
        });
      },
    },
    {
      says: 'refuses an object without a name with 422',
      async holds({ client, here }) {
        const { status, json } = await client.post(`${here}/configmaps`, { metadata: {} });
        expect(status).toBe(422);
        expect(json.message).toBe(
          'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'
        );
      },
    },
    {
      says: 'refuses a body that is not JSON, of another kind, or for another namespace with 400',
      async holds({ client, here }) {
        const bodies = [
          '{"metadata":',
          { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'a' } },
          { metadata: { name: 'a', namespace: 'default' } },
        ];
        for (const body of bodies) {
          const { status, json } = await client.post(`${here}/configmaps`, body);
          expect(status, json.message).toBe(400);
          expect(json.reason).toBe('BadRequest');
        }
      },
    },
    {
      says: 'refuses a claim without access modes and size with 422 and both causes',
      async holds({ client, here }) {
        const body = { metadata: { name: 'empty' }, spec: {} };
        const { status, json } = await client.post(`${here}/persistentvolumeclaims`, body);
        expect(status).toBe(422);
        expect(json.message).toBe(
          'PersistentVolumeClaim "empty" is invalid: [spec.accessModes: Required value: at least 1 access mode is ' +
            'required, spec.resources[storage]: Required value]'
        );
        expect(json.details.causes).toHaveLength(2);
      },
    },
    {
      says: 'refuses a pod of a ServiceAccount that is not there with 403',
      async holds({ client, here, cluster }) {
        const containers = [{ name: 'main', image: cluster.image }];
        const body = {
          metadata: { name: 'nobody' },
          spec: { containers, serviceAccountName: 'none' },
        };
        const { status, json } = await client.post(`${here}/pods`, body);
        expect(status).toBe(403);
        expect(json.message).toMatch(
          /^pods "nobody" is forbidden: error looking up service account/
        );
      },
    },
    {
      says: 'stores nothing in a dry run, and answers as if it had',
      async holds(world) {
        const name = world.name('dry');
        const path = `${world.here}/configmaps`;
        const { status, json } = await world.client.post(`${path}?dryRun=All`, {
          metadata: { name },
        });
        expect([status, json.metadata.name]).toEqual([201, name]);
        expect((await world.client.get(`${path}/${name}`)).status).toBe(404);
        await world.client.post(path, { metadata: { name } });
        const again = await world.client.post(`${path}?dryRun=All`, { metadata: { name } });
        expect([again.status, again.json.reason]).toEqual([409, 'AlreadyExists']);
      },
    },
    {
      says: 'refuses a patch that names another UID: it is meant for another object of that name',
      async holds(world) {
        const name = world.name('other');
        const path = `${world.here}/configmaps`;
        await world.client.post(path, { metadata: { name } });
        const metadata = { uid: '00000000-0000-0000-0000-000000000000', labels: { a: 'b' } };
        const { status, json } = await world.client.patch(`${path}/${name}`, 'merge', { metadata });
        expect([status, json.reason]).toEqual([422, 'Invalid']);
        expect(json.message).toMatch(/metadata\.uid: Invalid value: .*: field is immutable/);
      },
    },
    {
      says: 'gives a new namespace a ServiceAccount called default',
      async holds(world) {
        await world.where(
          'account',
          `${world.here}/serviceaccounts/default`,
          ({ kind }) => kind === 'ServiceAccount'
        );
      },
    },
    {
      says: 'answers a resource that it does not serve with 404 and a Status, and a group with 404 and plain text',
      async holds({ client }) {
        const resource = await client.get('/apis/apps/v1/nones');
        expect(resource.status).toBe(404);
        expect(resource.json.message).toBe('the server could not find the requested resource');
        const group = await client.get('/apis/none.nkvm.test/v1/nones');
        expect([group.status, group.text.trim()]).toEqual([404, '404 page not found']);
      },
    },
    {
      says: 'tells its version and its resources',
      async holds({ client }) {
        expect((await client.get('/version')).json.gitVersion).toMatch(/^v1\.\d+/);
        expect((await client.get('/readyz')).text.trim()).toBe('ok');
        expect((await client.get('/api')).json.versions).toEqual(['v1']);
        const { json: groups } = await client.get('/apis');
        const names = groups.groups.map((group: { name: string }) => group.name);
        expect(names).toEqual(expect.arrayContaining(['apps', 'batch', 'storage.k8s.io']));
        const { json: core } = await client.get('/api/v1');
        const claims = core.resources.find(
          ({ name }: { name: string }) => name === 'persistentvolumeclaims'
        );
        expect(claims).toMatchObject({
          kind: 'PersistentVolumeClaim',
          namespaced: true,
          shortNames: ['pvc'],
        });
      },
    },
  ],
};
