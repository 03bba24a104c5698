import { expect } from 'vitest';
import type { Area } from '../cluster.ts';
import type { Any } from '../world.ts';
import { conditions, main, onNode } from './podViews.ts';

export const pods: Area = {
  title: 'The life of a pod',
  behaviours: [
    {
      says: 'fills in the defaults of a pod',
      async holds(world) {
        const { spec, status } = await world.create('pods', {
          metadata: { name: world.name('pod') },
          spec: {
            nodeSelector: { 'kubernetes.io/hostname': 'none' },
            containers: [{ name: 'main', image: 'busybox' }],
          },
        });
        expect(spec).toMatchObject({
          restartPolicy: 'Always',
          terminationGracePeriodSeconds: 30,
          dnsPolicy: 'ClusterFirst',
          schedulerName: 'default-scheduler',
          serviceAccountName: 'default',
          enableServiceLinks: true,
        });
        expect(spec.containers[0]).toMatchObject({ imagePullPolicy: 'Always', resources: {} });
        expect(status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
      },
    },
    {
      says: 'brings a pod from Pending to Running, with node, addresses, times and conditions',
      async holds(world) {
        const made = await world.idlePod();
        const name = made.metadata.name;
        const path = `${world.here}/pods?watch=true&fieldSelector=metadata.name%3D${name}`;
        const events = await world.watch(
          `${path}&resourceVersion=${made.metadata.resourceVersion}`,
          ({ object }) => object.status.phase === 'Running'
        );
        const creating = events.find(({ object }) => main(object).state?.waiting)?.object;
        expect(main(creating).state).toEqual({ waiting: { reason: 'ContainerCreating' } });
        expect(conditions(creating)).toMatchObject({
          Ready: ['False', 'ContainersNotReady'],
          ContainersReady: ['False', 'ContainersNotReady'],
          PodScheduled: ['True'],
        });
        const pod = events.at(-1)!.object;
        expect(conditions(pod)).toEqual({
          PodReadyToStartContainers: ['True'],
          Initialized: ['True'],
          Ready: ['True'],
          ContainersReady: ['True'],
          PodScheduled: ['True'],
        });
        expect(pod.spec.nodeName).toBeTruthy();
        expect(pod.status).toMatchObject({
          podIP: expect.any(String),
          hostIP: expect.any(String),
          startTime: expect.any(String),
          qosClass: 'BestEffort',
        });
        expect(main(pod)).toMatchObject({
          name: 'main',
          ready: true,
          started: true,
          restartCount: 0,
          lastState: {},
          state: { running: { startedAt: expect.any(String) } },
        });
        expect(pod.metadata.generation).toBe(1);
      },
    },
    {
      says: 'tells a pod whose containers ended well as Succeeded',
      async holds(world) {
        const { metadata } = await world.pod({ command: ['true'] });
        const pod = await world.podIn(metadata.name, 'Succeeded');
        expect(main(pod)).toMatchObject({ ready: false, started: false, restartCount: 0 });
        expect(main(pod).state.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
        expect(conditions(pod)).toEqual({
          PodReadyToStartContainers: ['False'],
          Initialized: ['True', 'PodCompleted'],
          Ready: ['False', 'PodCompleted'],
          ContainersReady: ['False', 'PodCompleted'],
          PodScheduled: ['True'],
        });
      },
    },
    {
      says: 'tells a pod with a container that ended badly as Failed, with the exit code',
      async holds(world) {
        const { metadata } = await world.pod({ command: ['sh', '-c', 'exit 3'] });
        const pod = await world.podIn(metadata.name, 'Failed');
        expect(main(pod).state.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
        expect(conditions(pod)).toMatchObject({
          Initialized: ['True'],
          Ready: ['False', 'PodFailed'],
        });
      },
    },
    {
      says: 'runs init containers first, one after the other',
      async holds(world) {
        const mounts = [{ name: 'work', mountPath: '/work' }];
        const initContainers = ['a', 'b'].map(name => ({
          name,
          image: world.cluster.image,
          command: ['sh', '-c', `echo ${name} >> /work/order`],
          volumeMounts: mounts,
        }));
        const command = ['sh', '-c', 'test "$(tr -d "\\n" < /work/order)" = ab'];
        const { metadata } = await world.pod({ command }, { initContainers });
        const pod = await world.podIn(metadata.name, 'Succeeded');
        const states = pod.status.initContainerStatuses.map(({ ready, state }: Any) => [
          ready,
          state.terminated.reason,
        ]);
        expect(states).toEqual([
          [true, 'Completed'],
          [true, 'Completed'],
        ]);
      },
    },
    {
      says: 'places a pod on the node that its affinity names',
      async holds(world) {
        const { items } = (await world.client.get('/api/v1/nodes')).json;
        for (const { metadata: node } of items) {
          const { metadata } = await world.pod({ command: ['true'] }, onNode(node.name));
          const pod = await world.podIn(metadata.name, 'Succeeded');
          expect(pod.spec.nodeName).toBe(node.name);
        }
      },
    },
    {
      says: 'deletes a pod in steps: deletionTimestamp, the end of its containers, then the object',
      async holds(world) {
        const { metadata } = await world.idlePod({ terminationGracePeriodSeconds: 20 });
        const { name } = metadata;
        const running = await world.ready(name);
        const deleted = await world.client.delete(`${world.here}/pods/${name}`);
        expect(deleted.json.metadata).toMatchObject({
          deletionGracePeriodSeconds: 20,
          deletionTimestamp: expect.any(String),
        });
        const events = await world.watch(
          `${world.here}/pods?watch=true&fieldSelector=metadata.name%3D${name}&resourceVersion=${running.metadata.resourceVersion}`,
          ({ type }) => type === 'DELETED'
        );
        const last = events.at(-1)!.object;
        // It has ended by itself, well before the grace period was over.
        expect(last.status.phase).toBe('Succeeded');
        expect(main(last).state.terminated.exitCode).toBe(0);
        expect(last.metadata.uid).toBe(metadata.uid);
      },
    },
    {
      says: 'kills what does not end within the grace period',
      async holds(world) {
        const command = ['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 1; done'];
        const { metadata } = await world.idlePod({ terminationGracePeriodSeconds: 2 }, { command });
        const { name } = metadata;
        const { metadata: running } = await world.ready(name);
        const begun = performance.now();
        await world.client.delete(`${world.here}/pods/${name}`);
        const events = await world.watch(
          `${world.here}/pods?watch=true&fieldSelector=metadata.name%3D${name}&resourceVersion=${running.resourceVersion}`,
          ({ type }) => type === 'DELETED'
        );
        expect(performance.now() - begun).toBeGreaterThan(1_500);
        expect(main(events.at(-1)!.object).state.terminated.exitCode).toBe(137);
      },
    },
    {
      says: 'removes a pod at once where the grace period is 0',
      async holds(world) {
        const { metadata } = await world.idlePod({ terminationGracePeriodSeconds: 60 });
        await world.podIn(metadata.name, 'Running');
        const path = `${world.here}/pods/${metadata.name}`;
        expect((await world.client.delete(`${path}?gracePeriodSeconds=0`)).status).toBe(200);
        expect((await world.client.get(path)).status).toBe(404);
      },
    },
    {
      says: 'evicts a pod',
      async holds(world) {
        const { metadata } = await world.idlePod();
        await world.podIn(metadata.name, 'Running');
        const path = `${world.here}/pods/${metadata.name}`;
        const eviction = {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name: metadata.name },
        };
        const { status } = await world.client.post(`${path}/eviction`, eviction);
        expect(status).toBe(201);
        await world.gone(path);
      },
    },
  ],
};
