import { expect } from 'vitest';
import type { Area } from '../cluster.ts';

export const deletions: Area = {
  title: 'Deletions',
  behaviours: [
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
      says: 'deletes objects that have lost their owner, and keeps them where the owner is deleted with Orphan',
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
  ],
};
