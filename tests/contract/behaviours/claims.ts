import { expect } from 'vitest';
import type { Area } from '../cluster.ts';
import type { Any, World } from '../world.ts';

const claim = (world: World, spec: Any = {}): Promise<Any> =>
  world.create('persistentvolumeclaims', {
    metadata: { name: world.name('claim') },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Mi' } }, ...spec },
  });

const path = (world: World, { metadata }: Any): string =>
  `${world.here}/persistentvolumeclaims/${metadata.name}`;

const bound = (world: World, object: Any): Promise<Any> =>
  world.where('claim is Bound', path(world, object), ({ status }) => status?.phase === 'Bound');

const volumeOf = async ({ client }: World, { spec }: Any): Promise<Any> =>
  (await client.get(`/api/v1/persistentvolumes/${spec.volumeName}`)).json;

/** What a pod needs to have the claim at `/data`. */
const mounting = ({ metadata }: Any) => ({
  mount: {
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    securityContext: { runAsUser: 0 }, // the root of a new volume belongs to root
  },
  volumes: [{ name: 'data', persistentVolumeClaim: { claimName: metadata.name } }],
});

const idleWith = (world: World, object: Any, spec: Any = {}): Promise<Any> => {
  const { mount, volumes } = mounting(object);
  return world.idlePod({ volumes, ...spec }, mount);
};

const onNode = (operator: string, node: string) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'kubernetes.io/hostname', operator, values: [node] }] },
        ],
      },
    },
  },
});

const whyUnschedulable = async (world: World, { metadata }: Any): Promise<string> => {
  const pod = await world.podWhere(
    'is unschedulable',
    metadata.name,
    ({ status }) => status.conditions?.[0]?.reason === 'Unschedulable'
  );
  return pod.status.conditions[0].message;
};

export const claims: Area = {
  title: 'Claims and volumes',
  behaviours: [
    {
      says: 'fills in class and mode of a claim, and protects it',
      async holds(world) {
        const { metadata, spec, status } = await claim(world);
        expect(metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
        expect(spec).toMatchObject({ storageClassName: 'fast', volumeMode: 'Filesystem' });
        expect(status).toEqual({ phase: 'Pending' });
      },
    },
    {
      says: 'lets a claim of a class that waits for the first consumer wait, and says so',
      async holds(world) {
        const made = await claim(world);
        expect(await world.event(made, 'WaitForFirstConsumer')).toBe(
          'waiting for first consumer to be created before binding'
        );
        expect((await world.client.get(path(world, made))).json.status.phase).toBe('Pending');
      },
    },
    {
      says: 'binds such a claim when a pod uses it, to a volume on the node of the pod',
      async holds(world) {
        const made = await claim(world);
        const pod = await idleWith(world, made);
        const { spec } = await world.podIn(pod.metadata.name, 'Running');
        const now = await bound(world, made);
        expect(now.metadata.annotations).toMatchObject({
          'pv.kubernetes.io/bind-completed': 'yes',
          'volume.kubernetes.io/selected-node': spec.nodeName,
        });
        expect(now.status).toEqual({
          phase: 'Bound',
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '10Mi' },
        });
        expect(now.spec.volumeName).toBe(`pvc-${made.metadata.uid}`);
        const volume = await volumeOf(world, now);
        expect(volume.status.phase).toBe('Bound');
        expect(volume.spec.claimRef).toMatchObject({
          namespace: world.namespace,
          name: made.metadata.name,
          uid: made.metadata.uid,
        });
        const terms = volume.spec.nodeAffinity.required.nodeSelectorTerms;
        expect(terms[0].matchExpressions[0]).toMatchObject({
          operator: 'In',
          values: [spec.nodeName],
        });
        expect(await world.event(made, 'ProvisioningSucceeded')).toBe(
          `Successfully provisioned volume ${now.spec.volumeName}`
        );
      },
    },
    {
      says: 'binds a claim of a class that does not wait without any pod',
      async holds(world) {
        await bound(world, await claim(world, { storageClassName: 'immediate' }));
      },
    },
    {
      says: 'makes the volume on the node that the annotation selected-node names, without any pod',
      async holds(world) {
        const made = await claim(world);
        const [node] = (await world.client.get('/api/v1/nodes')).json.items.slice(-1);
        const annotations = { 'volume.kubernetes.io/selected-node': node.metadata.name };
        await world.client.patch(path(world, made), 'merge', { metadata: { annotations } });
        const volume = await volumeOf(world, await bound(world, made));
        expect(JSON.stringify(volume.spec.nodeAffinity)).toContain(node.metadata.name);
      },
    },
    {
      says: 'keeps the files of a volume over its pods',
      async holds(world) {
        const made = await claim(world);
        const { mount, volumes } = mounting(made);
        for (const script of ['echo kept > /data/file', 'test "$(cat /data/file)" = kept']) {
          const { metadata } = await world.pod(
            { command: ['sh', '-c', script], ...mount },
            { volumes }
          );
          await world.podIn(metadata.name, 'Succeeded');
        }
      },
    },
    {
      says: 'lets several pods of one node have a ReadWriteOnce claim, and refuses those that want another node',
      async holds(world) {
        const made = await claim(world);
        const first = await idleWith(world, made);
        const { spec } = await world.podIn(first.metadata.name, 'Running');
        const second = await idleWith(world, made);
        expect((await world.podIn(second.metadata.name, 'Running')).spec.nodeName).toBe(
          spec.nodeName
        );
        const other = await idleWith(world, made, onNode('NotIn', spec.nodeName));
        const why = await whyUnschedulable(world, other);
        expect(why).toContain("1 node(s) didn't match Pod's node affinity/selector");
        expect(why).toContain("node(s) didn't match PersistentVolume's node affinity");
      },
    },
    {
      says: 'refuses a second pod for a ReadWriteOncePod claim that is in use',
      async holds(world) {
        const made = await claim(world, { accessModes: ['ReadWriteOncePod'] });
        const first = await idleWith(world, made);
        await world.podIn(first.metadata.name, 'Running');
        const second = await idleWith(world, made);
        expect(await whyUnschedulable(world, second)).toContain(
          'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod'
        );
      },
    },
    {
      says: 'tells with FailedMount what a pod that went round the scheduler cannot have',
      async holds(world) {
        const made = await claim(world);
        const first = await idleWith(world, made);
        const { spec } = await world.podIn(first.metadata.name, 'Running');
        const { items } = (await world.client.get('/api/v1/nodes')).json;
        const other = items
          .map(({ metadata }: Any) => metadata.name)
          .find((name: string) => name !== spec.nodeName);
        const astray = await idleWith(world, made, { nodeName: other });
        expect(await world.event(astray, 'FailedMount')).toMatch(
          /^MountVolume\.NodeAffinity check failed for volume "pvc-.*" : no matching NodeSelectorTerms$/
        );
        const { status } = (await world.client.get(`${world.here}/pods/${astray.metadata.name}`))
          .json;
        expect(status.phase).toBe('Pending');
      },
    },
    {
      says: 'leaves a pod unscheduled whose claim is not there, or not bound',
      async holds(world) {
        const nodes = (await world.client.get('/api/v1/nodes')).json.items.length;
        const none = await idleWith(world, { metadata: { name: 'none' } });
        expect(await whyUnschedulable(world, none)).toBe(
          `0/${nodes} nodes are available: persistentvolumeclaim "none" not found. not found`
        );
        const unbound = await idleWith(world, await claim(world, { storageClassName: 'none' }));
        expect(await whyUnschedulable(world, unbound)).toBe(
          `0/${nodes} nodes are available: pod has unbound immediate PersistentVolumeClaims. not found`
        );
      },
    },
    {
      says: 'makes the claim of an ephemeral volume, and deletes it with its pod',
      async holds(world) {
        const spec = {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Mi' } },
        };
        const { mount } = mounting({ metadata: {} });
        const { metadata } = await world.idlePod(
          { volumes: [{ name: 'data', ephemeral: { volumeClaimTemplate: { spec } } }] },
          mount
        );
        await world.podIn(metadata.name, 'Running');
        const made = path(world, { metadata: { name: `${metadata.name}-data` } });
        const { json } = await world.client.get(made);
        expect(json.metadata.ownerReferences[0]).toMatchObject({
          kind: 'Pod',
          uid: metadata.uid,
          controller: true,
        });
        await world.client.delete(`${world.here}/pods/${metadata.name}`);
        await world.gone(made);
      },
    },
    {
      says: 'tells a class that is not there as ProvisioningFailed',
      async holds(world) {
        const made = await claim(world, { storageClassName: 'none' });
        expect(await world.event(made, 'ProvisioningFailed')).toBe(
          'storageclass.storage.k8s.io "none" not found'
        );
      },
    },
    {
      says: 'keeps a claim that is to be deleted until no pod uses it, then deletes its volume',
      async holds(world) {
        const made = await claim(world);
        const pod = await idleWith(world, made);
        await world.podIn(pod.metadata.name, 'Running');
        const { spec } = await bound(world, made);
        await world.client.delete(path(world, made));
        expect(
          (await world.client.get(path(world, made))).json.metadata.deletionTimestamp
        ).toBeDefined();
        await world.client.delete(`${world.here}/pods/${pod.metadata.name}`);
        await world.gone(path(world, made));
        await world.gone(`/api/v1/persistentvolumes/${spec.volumeName}`);
      },
    },
    {
      says: 'leaves a claim with an unknown source to an external populator, and takes the volume that is handed to it',
      async holds(world) {
        const dataSourceRef = { apiGroup: 'nkvm.io', kind: 'BackupRestore', name: 'any' };
        const target = await claim(world, { storageClassName: 'immediate', dataSourceRef });
        expect(await world.event(target, 'Provisioning')).toBe(
          'Assuming an external populator will provision the volume'
        );
        const prime = await bound(world, await claim(world, { storageClassName: 'immediate' }));
        const { namespace, name, uid, resourceVersion } = target.metadata;
        const handed = { spec: { claimRef: { namespace, name, uid, resourceVersion } } };
        await world.client.patch(
          `/api/v1/persistentvolumes/${prime.spec.volumeName}`,
          'merge',
          handed
        );
        const { spec } = await bound(world, target);
        expect(spec.volumeName).toBe(prime.spec.volumeName);
      },
    },
    {
      says: 'binds a claim to the volume that was made for it',
      async holds(world) {
        const name = world.name('static');
        const { client, namespace } = world;
        await client.post('/api/v1/persistentvolumes', {
          metadata: { name, labels: { contract: namespace } },
          spec: {
            accessModes: ['ReadWriteMany'],
            capacity: { storage: '1Gi' },
            storageClassName: '',
            hostPath: { path: `/tmp/${name}`, type: 'DirectoryOrCreate' },
            claimRef: { namespace, name },
          },
        });
        const made = await world.create('persistentvolumeclaims', {
          metadata: { name },
          spec: {
            accessModes: ['ReadWriteMany'],
            storageClassName: '',
            resources: { requests: { storage: '1Mi' } },
          },
        });
        const now = await bound(world, made);
        expect(now.status.capacity).toEqual({ storage: '1Gi' });
        await client.delete(path(world, made));
        await world.where(
          'volume is Released',
          `/api/v1/persistentvolumes/${name}`,
          ({ status }) => status?.phase === 'Released'
        );
        await client.delete(`/api/v1/persistentvolumes/${name}`);
        await world.gone(`/api/v1/persistentvolumes/${name}`);
      },
    },
  ],
};
