import { expect } from 'vitest';
import type { Area } from '../cluster.ts';
import type { Any, World } from '../world.ts';

const conditions = (pod: Any): Record<string, [string, string?]> =>
  Object.fromEntries(
    (pod.status.conditions ?? []).map(({ type, status, reason }: Any) => [
      type,
      reason ? [status, reason] : [status],
    ])
  );

const main = (pod: Any): Any => pod.status.containerStatuses?.[0] ?? {};

const onNode = (node: string) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] },
        ],
      },
    },
  },
});

const unschedulable = (world: World, name: string): Promise<Any> =>
  world
    .podWhere(
      'is unschedulable',
      name,
      pod => conditions(pod).PodScheduled?.[1] === 'Unschedulable'
    )
    .then(pod => pod.status.conditions[0]);

export const pods: Area = {
  title: 'Pods',
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
      says: 'tells a program that is not there as StartError',
      async holds(world) {
        const { metadata } = await world.pod({ command: ['/no/such/program'] });
        const { terminated } = main(await world.podIn(metadata.name, 'Failed')).state;
        expect(terminated).toMatchObject({ exitCode: 128, reason: 'StartError' });
        expect(terminated.message).toContain('exec: "/no/such/program"');
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
      says: 'starts a container again where the policy is Always, and waits longer each time (CrashLoopBackOff)',
      async holds(world) {
        const { metadata } = await world.pod(
          { command: ['sh', '-c', 'exit 3'] },
          { restartPolicy: 'Always' }
        );
        const looping = await world.podWhere(
          'is in CrashLoopBackOff',
          metadata.name,
          pod => main(pod).state?.waiting?.reason === 'CrashLoopBackOff'
        );
        expect(main(looping).lastState.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
        expect(main(looping).restartCount).toBeGreaterThan(0);
        expect(looping.status.phase).toBe('Running');
        const name = `${metadata.name}_${world.namespace}(${metadata.uid})`;
        expect(main(looping).state.waiting.message).toBe(
          `back-off 10s restarting failed container=main pod=${name}`
        );
      },
    },
    {
      says: 'tells an image that cannot be had: ErrImagePull, then ImagePullBackOff; the pod stays Pending',
      async holds(world) {
        const { metadata } = await world.pod({ image: world.cluster.missingImage });
        const reasons = new Set<string>();
        const pod = await world.podWhere('waits for its image', metadata.name, each => {
          const { waiting } = main(each).state ?? {};
          if (waiting) reasons.add(waiting.reason);
          return waiting?.reason === 'ImagePullBackOff';
        });
        expect([...reasons]).toContain('ErrImagePull');
        expect(pod.status.phase).toBe('Pending');
        const image = world.cluster.missingImage;
        expect(main(pod).state.waiting.message).toMatch(
          new RegExp(
            `^Back-off pulling image "${image}": ErrImagePull: failed to pull and unpack image "${image}"`
          )
        );
        expect(await world.event(pod, 'BackOff')).toBe(`Back-off pulling image "${image}"`);
      },
    },
    {
      says: 'tells a name that is none of an image as InvalidImageName, and an image that must not be pulled as ErrImageNeverPull',
      async holds(world) {
        for (const [image, imagePullPolicy, reason] of [
          ['Not An Image', 'IfNotPresent', 'InvalidImageName'],
          [world.cluster.missingImage, 'Never', 'ErrImageNeverPull'],
        ]) {
          const { metadata } = await world.pod({ image, imagePullPolicy });
          await world.podWhere(
            `waits with ${reason}`,
            metadata.name,
            pod => main(pod).state?.waiting?.reason === reason
          );
        }
      },
    },
    {
      says: 'tells in the condition PodScheduled and in an Event why no node fits',
      async holds(world) {
        const nodes = (await world.client.get('/api/v1/nodes')).json.items.length;
        const not = `0/${nodes} nodes are available: `;
        const preemption =
          `no new claims to deallocate, preemption: 0/${nodes} nodes are available: ${nodes} Preemption is not helpful ` +
          'for scheduling.';
        for (const [spec, why] of [
          [
            onNode('none'),
            `${nodes} node(s) didn't satisfy plugin(s) [NodeAffinity]. ${preemption}`,
          ],
          [
            { nodeSelector: { 'kubernetes.io/hostname': 'none' } },
            `${nodes} node(s) didn't match Pod's node affinity/selector. ${preemption}`,
          ],
        ] as const) {
          const pod = await world.idlePod(spec);
          const condition = await unschedulable(world, pod.metadata.name);
          expect(condition).toMatchObject({
            type: 'PodScheduled',
            status: 'False',
            message: not + why,
          });
          expect(await world.event(pod, 'FailedScheduling')).toBe(not + why);
        }
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
      says: 'ends a pod at its deadline: Failed with reason DeadlineExceeded',
      async holds(world) {
        const { metadata } = await world.idlePod({ activeDeadlineSeconds: 2 });
        const pod = await world.podIn(metadata.name, 'Failed');
        expect(pod.status).toMatchObject({
          reason: 'DeadlineExceeded',
          message: 'Pod was active on the node longer than the specified deadline',
        });
      },
    },
    {
      says: 'deletes a pod in steps: deletionTimestamp, the end of its containers, then the object',
      async holds(world) {
        const { metadata } = await world.idlePod({ terminationGracePeriodSeconds: 20 });
        const { name } = metadata;
        const running = await world.podIn(name, 'Running');
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
        const command = ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'];
        const { metadata } = await world.idlePod({ terminationGracePeriodSeconds: 2 }, { command });
        const { name } = metadata;
        const { metadata: running } = await world.podIn(name, 'Running');
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
      says: 'gives the log of a container: all, the last lines, with times, followed to its end',
      async holds(world) {
        const command = ['sh', '-c', 'echo error >&2; sleep 0.2; echo one; echo two'];
        const { metadata } = await world.pod({ command });
        await world.podIn(metadata.name, 'Succeeded');
        const log = (query: string) =>
          world.client.get(`${world.here}/pods/${metadata.name}/log?${query}`);
        const all = await log('container=main');
        expect(all.text.split('\n').sort()).toEqual(['', 'error', 'one', 'two']);
        expect(all.headers['content-type']).toContain('text/plain');
        expect((await log('tailLines=2')).text).toBe('one\ntwo\n');
        expect((await log('tailLines=1&timestamps=true')).text).toMatch(
          /^\d{4}-\d\d-\d\dT\S+Z two\n$/
        );
        expect((await log('follow=true')).text).toBe(all.text);
      },
    },
    {
      says: 'refuses a log that is not there: 404 without a pod, 400 without such a container, before its start, or of an earlier instance',
      async holds(world) {
        const log = async (pod: string, query = '') => {
          const { status, json } = await world.client.get(`${world.here}/pods/${pod}/log?${query}`);
          return [status, json.message];
        };
        const pod = await world.shell();
        expect(await log('none')).toEqual([404, 'pods "none" not found']);
        expect(await log(pod, 'container=none')).toEqual([
          400,
          `container none is not valid for pod ${pod}`,
        ]);
        expect(await log(pod, 'previous=true')).toEqual([
          400,
          `previous terminated container "main" in pod "${pod}" not found`,
        ]);
        const { metadata } = await world.pod({ image: world.cluster.missingImage });
        await world.podWhere('waits', metadata.name, each =>
          main(each).state?.waiting?.reason?.endsWith('ImagePull')
        );
        const [status, message] = await log(metadata.name);
        expect(status).toBe(400);
        expect(message).toMatch(/^container "main" in pod ".*" is waiting to start: /);
      },
    },
    {
      says: 'tells the steps of a pod as Events',
      async holds(world) {
        const pod = await world.pod({ command: ['true'] });
        const { spec } = await world.podIn(pod.metadata.name, 'Succeeded');
        expect(await world.event(pod, 'Scheduled')).toBe(
          `Successfully assigned ${world.namespace}/${pod.metadata.name} to ${spec.nodeName}`
        );
        expect(await world.event(pod, 'Pulled')).toContain('already present on machine');
        expect(await world.event(pod, 'Created')).toBe('Container created');
        expect(await world.event(pod, 'Started')).toBe('Container started');
      },
    },
    {
      says: 'tells containers their environment: values, references between them, and fields of the pod',
      async holds(world) {
        const env = [
          { name: 'ONE', value: '1' },
          { name: 'TWO', value: '$(ONE)2' },
          { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        ];
        const { metadata } = await world.pod({
          command: ['sh', '-c', 'echo $TWO $(NODE) $NODE'],
          env,
        });
        const { spec } = await world.podIn(metadata.name, 'Succeeded');
        const { text } = await world.client.get(`${world.here}/pods/${metadata.name}/log`);
        expect(text).toBe(`12 ${spec.nodeName} ${spec.nodeName}\n`);
      },
    },
    {
      says: 'gives files of ConfigMaps and Secrets to containers',
      async holds(world) {
        const map = await world.configMap({ data: { greeting: 'hello' } });
        const secret = await world.create('secrets', {
          metadata: { name: world.name('secret') },
          stringData: { word: 'xyzzy' },
        });
        const { metadata } = await world.pod(
          {
            command: ['sh', '-c', 'cat /map/greeting /secret/word'],
            volumeMounts: [
              { name: 'map', mountPath: '/map' },
              { name: 'secret', mountPath: '/secret' },
            ],
          },
          {
            volumes: [
              { name: 'map', configMap: { name: map.metadata.name } },
              { name: 'secret', secret: { secretName: secret.metadata.name } },
            ],
          }
        );
        await world.podIn(metadata.name, 'Succeeded');
        const { text } = await world.client.get(`${world.here}/pods/${metadata.name}/log`);
        expect(text).toBe('helloxyzzy');
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
