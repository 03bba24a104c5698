import { expect } from 'vitest';
import type { Area } from '../cluster.ts';
import type { Any, World } from '../world.ts';
import { conditions, main, onNode } from './podViews.ts';

const unschedulable = (world: World, name: string): Promise<Any> =>
  world
    .podWhere(
      'is unschedulable',
      name,
      pod => conditions(pod).PodScheduled?.[1] === 'Unschedulable'
    )
    .then(pod => pod.status.conditions[0]);

export const podProblems: Area = {
  title: 'Pods that do not run',
  behaviours: [
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
      says: 'tells an invalid name of an image as InvalidImageName, and an image that must not be pulled as ErrImageNeverPull',
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
  ],
};
