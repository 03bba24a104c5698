import { expect } from 'vitest';
import type { Area } from '../cluster.ts';
import { type Any, IDLE, type World } from '../world.ts';

const template = (world: World, app: string, command = ['sh', '-c', IDLE], spec: Any = {}) => ({
  metadata: { labels: { app } },
  spec: {
    terminationGracePeriodSeconds: 1,
    automountServiceAccountToken: false,
    containers: [
      { name: 'main', image: world.cluster.image, imagePullPolicy: 'IfNotPresent', command },
    ],
    ...spec,
  },
});

/** @returns a template whose container mounts a volume that the template itself does not have. */
const withData = ({ metadata, spec }: Any): Any => {
  const [container] = spec.containers;
  const volumeMounts = [{ name: 'data', mountPath: '/data' }];
  return { metadata, spec: { ...spec, containers: [{ ...container, volumeMounts }] } };
};

const make = async (
  world: World,
  group: string,
  resource: string,
  spec: (name: string) => Any
): Promise<Any> => {
  const name = world.name('work');
  const { status, json } = await world.client.post(`${world.in(group)}/${resource}`, {
    metadata: { name },
    spec: spec(name),
  });
  if (status !== 201) throw new Error(json.message);
  return json;
};

const selector = (app: string) => ({ matchLabels: { app } });

const podsOf = async (world: World, app: string, count: number): Promise<Any[]> => {
  const path = `${world.here}/pods?labelSelector=app%3D${app}`;
  const isRunning = ({ status }: Any) => status.phase === 'Running';
  const list = await world.where(
    `${count} pods`,
    path,
    ({ items }) => items.length === count && items.every(isRunning)
  );
  return list.items;
};

const owner = ({ metadata }: Any): Any => metadata.ownerReferences?.[0];

export const workloads: Area = {
  title: 'Workloads',
  behaviours: [
    {
      says: 'makes pods of a Deployment through a ReplicaSet, each owned by the next, and as many as it says',
      async holds(world) {
        const apps = world.in('/apis/apps/v1');
        const { metadata } = await make(world, '/apis/apps/v1', 'deployments', name => ({
          selector: selector(name),
          template: template(world, name),
        }));
        const [pod] = await podsOf(world, metadata.name, 1);
        expect(owner(pod)).toMatchObject({
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          controller: true,
        });
        const { json: set } = await world.client.get(`${apps}/replicasets/${owner(pod).name}`);
        expect(owner(set)).toMatchObject({
          kind: 'Deployment',
          name: metadata.name,
          uid: metadata.uid,
        });
        expect(pod.metadata.labels['pod-template-hash']).toBe(
          set.metadata.labels['pod-template-hash']
        );
        expect(pod.metadata.name).toMatch(new RegExp(`^${set.metadata.name}-[a-z0-9]{5}$`));
        const path = `${apps}/deployments/${metadata.name}`;
        await world.where('it is available', path, ({ status }) => status.availableReplicas === 1);
        const scaled = await world.client.patch(`${path}/scale`, 'merge', {
          spec: { replicas: 0 },
        });
        expect([scaled.json.kind, scaled.json.spec]).toEqual(['Scale', {}]); // 0 is left out
        await podsOf(world, metadata.name, 0);
        await world.client.delete(path);
        await world.gone(`${apps}/replicasets/${set.metadata.name}`);
      },
    },
    {
      says: 'makes numbered pods of a StatefulSet, each with a claim of its own, which stays',
      async holds(world) {
        const { metadata } = await make(world, '/apis/apps/v1', 'statefulsets', name => ({
          replicas: 2,
          serviceName: name,
          selector: selector(name),
          template: withData(template(world, name)),
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
            },
          ],
        }));
        const { name, uid } = metadata;
        const made = await podsOf(world, name, 2);
        expect(made.map(pod => pod.metadata.name)).toEqual([`${name}-0`, `${name}-1`]);
        expect(owner(made[0])).toMatchObject({ kind: 'StatefulSet', name, uid });
        const claim = `${world.here}/persistentvolumeclaims/data-${name}-0`;
        const { json } = await world.client.get(claim);
        expect(json.status.phase).toBe('Bound');
        expect(json.metadata.labels).toEqual({ app: name });
        expect(json.metadata.ownerReferences).toBeUndefined();
        await world.client.delete(`${world.in('/apis/apps/v1')}/statefulsets/${name}`);
        await podsOf(world, name, 0);
        expect((await world.client.get(claim)).status).toBe(200);
      },
    },
    {
      says: 'makes one pod of a DaemonSet on each node',
      async holds(world) {
        const { items: nodes } = (await world.client.get('/api/v1/nodes')).json;
        const { metadata } = await make(world, '/apis/apps/v1', 'daemonsets', name => ({
          selector: selector(name),
          template: template(world, name),
        }));
        const made = await podsOf(world, metadata.name, nodes.length);
        expect(made.map(pod => pod.spec.nodeName).sort()).toEqual(
          nodes.map((node: Any) => node.metadata.name)
        );
        expect(owner(made[0])).toMatchObject({ kind: 'DaemonSet', uid: metadata.uid });
      },
    },
    {
      says: 'runs a Job to its end and says that it is complete',
      async holds(world) {
        const { metadata } = await make(world, '/apis/batch/v1', 'jobs', name => ({
          template: template(world, name, ['true'], { restartPolicy: 'Never' }),
        }));
        const path = `${world.in('/apis/batch/v1')}/jobs/${metadata.name}`;
        const job = await world.where(
          'job is complete',
          path,
          ({ status }) => status.completionTime
        );
        expect(job.status.succeeded).toBe(1);
        const types = job.status.conditions.map(({ type, status }: Any) => `${type} ${status}`);
        expect(types).toContain('Complete True');
        const list = await world.client.get(
          `${world.here}/pods?labelSelector=job-name%3D${metadata.name}`
        );
        expect(owner(list.json.items[0])).toMatchObject({
          apiVersion: 'batch/v1',
          kind: 'Job',
          uid: metadata.uid,
        });
      },
    },
    {
      says: 'says that a Job has failed when its pods failed too often',
      async holds(world) {
        const { metadata } = await make(world, '/apis/batch/v1', 'jobs', name => ({
          backoffLimit: 0,
          template: template(world, name, ['false'], { restartPolicy: 'Never' }),
        }));
        const path = `${world.in('/apis/batch/v1')}/jobs/${metadata.name}`;
        const failed = ({ status }: Any) =>
          status.conditions?.find(({ type }: Any) => type === 'Failed');
        const job = await world.where('job has failed', path, failed);
        expect(failed(job)).toMatchObject({ status: 'True', reason: 'BackoffLimitExceeded' });
      },
    },
    {
      says: 'takes new pods for the old ones when the template of a Deployment changes',
      async holds(world) {
        const { metadata } = await make(world, '/apis/apps/v1', 'deployments', name => ({
          strategy: { type: 'Recreate' },
          selector: selector(name),
          template: template(world, name),
        }));
        const [before] = await podsOf(world, metadata.name, 1);
        const path = `${world.in('/apis/apps/v1')}/deployments/${metadata.name}`;
        const annotations = { changed: 'yes' };
        await world.client.patch(path, 'strategic-merge', {
          spec: { template: { metadata: { annotations } } },
        });
        await world.gone(`${world.here}/pods/${before.metadata.name}`);
        const [after] = await podsOf(world, metadata.name, 1);
        expect(after.metadata.annotations).toMatchObject(annotations);
      },
    },
  ],
};
