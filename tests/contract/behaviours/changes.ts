import { expect } from 'vitest';
import type { Area } from '../cluster.ts';

const CONFLICT =
  'the object has been modified; please apply your changes to the latest version and try again';

/** As little as a claim may ask for. */
const SIZE = { requests: { storage: '1Mi' } };

export const changes: Area = {
  title: 'Changes of objects',
  behaviours: [
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
  ],
};
