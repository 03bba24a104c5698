import { expect } from 'vitest';
import type { Area } from '../cluster.ts';

const CONFLICT =
  'the object has been modified; please apply your changes to the latest version and try again';

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
      says: 'answers an update made from an older version with 409 Conflict and leaves the object',
      async holds(world) {
        const made = await world.configMap({ data: { a: '1' } });
        const path = `${world.here}/configmaps/${made.metadata.name}`;
        const first = await world.client.request('PUT', path, {
          body: { ...made, data: { a: '2' } },
        });
        expect(first.status).toBe(200);
        const second = await world.client.request('PUT', path, {
          body: { ...made, data: { a: '3' } },
        });
        expect(second.status).toBe(409);
        expect(second.json).toMatchObject({
          reason: 'Conflict',
          details: { name: made.metadata.name, kind: 'configmaps' },
          message: `Operation cannot be fulfilled on configmaps "${made.metadata.name}": ${CONFLICT}`,
        });
        expect((await world.client.get(path)).json.data).toEqual({ a: '2' });
      },
    },
    {
      says: 'answers a patch that names an older version with 409 Conflict, and one that names none with the new object',
      async holds(world) {
        const { metadata } = await world.configMap({ data: { a: '1' } });
        const path = `${world.here}/configmaps/${metadata.name}`;
        const old = { metadata: { resourceVersion: '1' }, data: { a: '2' } };
        const refused = await world.client.patch(path, 'merge', old);
        expect([refused.status, refused.json.reason]).toEqual([409, 'Conflict']);
        const taken = await world.client.patch(path, 'merge', { data: { a: '2' } });
        expect([taken.status, taken.json.data]).toEqual([200, { a: '2' }]);
      },
    },
    {
      says: 'refuses an update whose name is not that of the path with 400',
      async holds({ client, here }) {
        const options = { body: { metadata: { name: 'other' } } };
        const { status, json } = await client.request('PUT', `${here}/configmaps/one`, options);
        expect(status).toBe(400);
        expect(json.message).toBe(
          'the name of the object (other) does not match the name on the URL (one)'
        );
      },
    },
    {
      says: 'takes JSON patches, merge patches and strategic merge patches, and refuses other types with 415',
      async holds(world) {
        const { metadata } = await world.configMap({ data: { a: '1', b: '2' } });
        const path = `${world.here}/configmaps/${metadata.name}`;
        const operations = [
          { op: 'test', path: '/data/a', value: '1' },
          { op: 'replace', path: '/data/a', value: '9' },
          { op: 'add', path: '/metadata/labels', value: { x: 'z' } },
        ];
        expect((await world.client.patch(path, 'json', operations)).json.data.a).toBe('9');
        const merged = await world.client.patch(path, 'merge', { data: { a: null, c: '3' } });
        expect(merged.json.data).toEqual({ b: '2', c: '3' });
        const strategic = { metadata: { labels: { y: 'z' } }, data: { b: null } };
        const last = await world.client.patch(path, 'strategic-merge', strategic);
        expect(last.json.metadata.labels).toEqual({ x: 'z', y: 'z' });
        expect(last.json.data).toEqual({ c: '3' });
        expect((await world.client.patch(path, 'application/json', {})).status).toBe(415);
      },
    },
    {
      says: 'refuses a JSON patch whose test fails or whose path is not there with 422',
      async holds(world) {
        const { metadata } = await world.configMap({ data: { a: '1' } });
        const path = `${world.here}/configmaps/${metadata.name}`;
        for (const operation of [
          { op: 'test', path: '/data/a', value: '2' },
          { op: 'remove', path: '/data/b' },
        ]) {
          const { status, json } = await world.client.patch(path, 'json', [operation]);
          expect(status).toBe(422);
          expect(json.message).toBe(
            'the server rejected our request due to an error in our request'
          );
        }
      },
    },
    {
      says: 'makes and changes an object by server-side apply, and wants to know by whom',
      async holds(world) {
        const name = world.name('applied');
        const path = `${world.here}/configmaps/${name}`;
        const type = 'application/apply-patch+yaml';
        const body = (data: object) => ({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name },
          data,
        });
        expect((await world.client.patch(path, type, body({ a: '1' }))).status).toBe(422);
        const by = `${path}?fieldManager=contract`;
        expect((await world.client.patch(by, type, body({ a: '1' }))).status).toBe(201);
        const changed = await world.client.patch(by, type, body({ a: '2' }));
        expect([changed.status, changed.json.data]).toEqual([200, { a: '2' }]);
      },
    },
    {
      says: 'changes the status of an object by its subresource only',
      async holds(world) {
        const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'none', resources: SIZE };
        const made = await world.create('persistentvolumeclaims', {
          metadata: { name: world.name('claim') },
          spec,
        });
        const path = `${world.here}/persistentvolumeclaims/${made.metadata.name}`;
        const conditions = [{ type: 'Contract', status: 'True' }];
        const ignored = await world.client.patch(path, 'merge', { status: { conditions } });
        expect(ignored.json.status.conditions).toBeUndefined();
        const taken = await world.client.patch(`${path}/status`, 'merge', {
          status: { conditions },
        });
        expect(taken.json.status.conditions).toMatchObject(conditions);
      },
    },
    {
      says: 'does not let the spec of a claim be changed',
      async holds(world) {
        const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'none', resources: SIZE };
        const made = await world.create('persistentvolumeclaims', {
          metadata: { name: world.name('claim') },
          spec,
        });
        const path = `${world.here}/persistentvolumeclaims/${made.metadata.name}`;
        const { status, json } = await world.client.patch(path, 'merge', {
          spec: { accessModes: ['ReadWriteMany'] },
        });
        expect(status).toBe(422);
        expect(json.message).toMatch(
          /is invalid: spec: Forbidden: spec is immutable after creation/
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
      },
    },
    {
      says: 'answers a delete with a Status, one of a pod or claim with the object, and one of what is not there with 404',
      async holds(world) {
        const { metadata } = await world.configMap();
        const path = `${world.here}/configmaps/${metadata.name}`;
        const deleted = await world.client.delete(path);
        expect(deleted.status).toBe(200);
        expect(deleted.json).toMatchObject({
          kind: 'Status',
          status: 'Success',
          details: { name: metadata.name, kind: 'configmaps', uid: metadata.uid },
        });
        const again = await world.client.delete(path);
        expect([again.status, again.json.reason]).toEqual([404, 'NotFound']);

        const pod = await world.idlePod({ nodeSelector: { 'kubernetes.io/hostname': 'none' } });
        const gone = await world.client.delete(`${world.here}/pods/${pod.metadata.name}`);
        expect([gone.status, gone.json.kind]).toEqual([200, 'Pod']);
      },
    },
    {
      says: 'refuses a delete whose precondition names another uid or version with 409',
      async holds(world) {
        const { metadata } = await world.configMap();
        const path = `${world.here}/configmaps/${metadata.name}`;
        const byUid = await world.client.delete(path, { preconditions: { uid: 'other' } });
        expect([byUid.status, byUid.json.reason]).toEqual([409, 'Conflict']);
        expect(byUid.json.message).toContain('the UID in the precondition (other) does not match');
        const byVersion = await world.client.delete(path, {
          preconditions: { resourceVersion: '1' },
        });
        expect([byVersion.status, byVersion.json.reason]).toEqual([409, 'Conflict']);
      },
    },
    {
      says: 'keeps an object that is to be deleted until its last finalizer is gone',
      async holds(world) {
        const { metadata } = await world.configMap({
          metadata: { finalizers: ['nkvm.test/wait'] },
        });
        const path = `${world.here}/configmaps/${metadata.name}`;
        const deleted = await world.client.delete(path);
        expect(deleted.json.metadata.deletionTimestamp).toBeDefined();
        expect((await world.client.get(path)).status).toBe(200);
        await world.client.patch(path, 'merge', { metadata: { finalizers: null } });
        expect((await world.client.get(path)).status).toBe(404);
      },
    },
    {
      says: 'deletes what has lost its owner, and lets it live where the owner is deleted with Orphan',
      async holds(world) {
        for (const [policy, survives] of [
          ['Background', false],
          ['Foreground', false],
          ['Orphan', true],
        ] as const) {
          const { metadata: owner } = await world.configMap();
          const { metadata: owned } = await world.configMap({
            metadata: {
              ownerReferences: [
                {
                  apiVersion: 'v1',
                  kind: 'ConfigMap',
                  name: owner.name,
                  uid: owner.uid,
                  blockOwnerDeletion: true,
                },
              ],
            },
          });
          const path = `${world.here}/configmaps/${owner.name}`;
          await world.client.delete(path, { propagationPolicy: policy });
          await world.gone(path);
          const dependent = `${world.here}/configmaps/${owned.name}`;
          if (!survives) await world.gone(dependent);
          else
            expect(
              (await world.client.get(dependent)).json.metadata.ownerReferences
            ).toBeUndefined();
        }
      },
    },
    {
      says: 'refuses new objects in a namespace that is being deleted with 403, and removes it when it is empty',
      async holds(world) {
        const name = world.name(world.namespace);
        const path = `/api/v1/namespaces/${name}`;
        await world.client.post('/api/v1/namespaces', { metadata: { name } });
        const held = { metadata: { name: 'held', finalizers: ['nkvm.test/wait'] } };
        await world.client.post(`${path}/configmaps`, held);
        const deleted = await world.client.delete(path);
        expect(deleted.json.status.phase).toBe('Terminating');
        const refused = await world.client.post(`${path}/configmaps`, {
          metadata: { name: 'late' },
        });
        expect(refused.status).toBe(403);
        expect(refused.json.message).toBe(
          `configmaps "late" is forbidden: unable to create new content in namespace ${name} because it is being terminated`
        );
        await world.client.patch(`${path}/configmaps/held`, 'merge', {
          metadata: { finalizers: null },
        });
        await world.gone(path);
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

const SIZE = { requests: { storage: '1Mi' } };
