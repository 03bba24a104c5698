import { expect, it, onTestFinished } from 'vitest';
import { startKubelet } from '../cluster/machine/kubelet.ts';
import { containerdSocket, NODES } from '../cluster/machine/paths.ts';
import { pidOf } from '../cluster/machine/processes.ts';
import { run as runProgram } from '../cluster/machine/run.ts';
import { ended, read } from '../cluster/support/backups.ts';
import { getJson, kubectl } from '../cluster/support/kubectl.ts';
import { until } from '../cluster/support/until.ts';
import { IMAGE } from '../cluster/support/verify-pod.ts';
import { expectNothingLost } from './support/afterwards.ts';
import { clusterIsWhole } from './support/clusterIsWhole.ts';
import { heldRun } from './support/heldRun.ts';
import { NAMESPACE } from './support/namespace.ts';
import { helperOnNode } from './support/onNode.ts';
import { applyIn, faultVolume } from './support/volume.ts';
import type { World } from './support/world.ts';
import { begin, worldWith } from './support/world.ts';

const MiB = 1 << 20;

const says = ({ call }: World, id: string, what: RegExp) =>
  until(`the run says ${what}`, async () => what.test((await read(call, id)).message), 60_000);

it('[lost run] both nodes are cordoned for a while: the run says so, waits, and uses up no attempt', async () => {
  const names = NODES.map(({ name }) => name);
  const volume = faultVolume();
  kubectl(['cordon', ...names]);
  onTestFinished(() => void kubectl(['uncordon', ...names]));
  const world = await worldWith();
  const id = await begin(world.call, volume);
  await says(world, id, /^waiting for a node: 0\/2 nodes are available/);
  kubectl(['uncordon', ...names]);
  const end = await ended(world.call, id, 60_000);
  expect(end).toMatchObject({ status: 'success', attempt: 1 });
  expect(end.message).not.toMatch(/waiting/);
  await expectNothingLost(world, volume, 1);
});

it('[lost run] the image arrives late: the run says so, waits, and uses up no attempt', async () => {
  const image = `nkvm.test/late:${process.pid}`;
  const ctr = (...args: string[]) =>
    NODES.forEach(node =>
      runProgram('ctr', ['--address', containerdSocket(node), '--namespace', 'k8s.io', ...args])
    );
  const volume = faultVolume();
  const world = await worldWith({ NKVM_HELPER_IMAGE: image });
  const id = await begin(world.call, volume);
  await says(world, id, /^waiting for image nkvm\.test\/late/);
  onTestFinished(() => ctr('images', 'rm', image));
  ctr('images', 'tag', IMAGE, image);
  expect(await ended(world.call, id, 120_000)).toMatchObject({ status: 'success', attempt: 1 });
});

it('[lost run] the only node of the volume is tainted: its helper goes there', async () => {
  const node = 'node-b';
  const volume = faultVolume(1, { node });
  kubectl(['taint', 'node', node, 'dedicated=db:NoSchedule']);
  onTestFinished(() => void kubectl(['taint', 'node', node, 'dedicated-']));
  const world = await worldWith();
  const end = await ended(world.call, await begin(world.call, volume), 60_000);
  expect(end).toMatchObject({ status: 'success', helper: { node } });
});

it('[application kept down] a pod needs the ReadWriteOncePod volume in mid-stream: it starts, and the run waits', async () => {
  const volume = faultVolume(64, { accessMode: 'ReadWriteOncePod' });
  const { way, world, id } = await heldRun(volume, 16 * MiB);
  const here = `--namespace=${NAMESPACE}`;
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'application', namespace: NAMESPACE },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          ...{ name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent' },
          command: ['sleep', 'infinity'],
          volumeMounts: [{ name: 'volume', mountPath: '/volume' }],
        },
      ],
      volumes: [{ name: 'volume', persistentVolumeClaim: { claimName: volume.name } }],
    },
  };
  onTestFinished(() => void kubectl(['delete', 'pod/application', here, '--ignore-not-found']));
  applyIn(NAMESPACE, [pod]);
  // Not with `kubectl wait`, which blocks: this process forwards the sidecar's requests to the API server.
  await until(
    'the application runs',
    () =>
      getJson<{ status: { phase: string } }>('pod', 'application', here).status.phase === 'Running',
    45_000,
    1_000
  );
  way.release();
  await says(world, id, /the application comes first/);
  expect(await read(world.call, id)).toMatchObject({
    ...{ status: 'queued', attempt: 1, reason: 'VolumeWanted' },
  });
  const events = getJson<{ items: { reason: string; message: string }[] }>('events', here);
  expect(events.items).toContainEqual(
    expect.objectContaining({
      reason: 'VolumeWanted',
      message: expect.stringContaining('pod application needs it to start'),
    })
  );
  kubectl(['delete', 'pod/application', here]);
  expect(await ended(world.call, id, 90_000)).toMatchObject({ status: 'success', attempt: 1 });
  await expectNothingLost(world, volume, 1);
});

it('[lost run] the kubelet of the helper dies and stays away: the next attempt runs elsewhere', async () => {
  const volume = faultVolume(32);
  const { way, world, id } = await heldRun(volume, 16 * MiB, {
    NKVM_MAX_ATTEMPTS: '3',
    NKVM_CONNECTION_TIMEOUT_SECONDS: '10',
    // Otherwise the second helper may be sent to the lost node, too.
    NKVM_HELPER_TOLERATIONS: '[{key: node.kubernetes.io/unreachable, operator: Exists}]',
  });
  const { node } = helperOnNode(id);
  const others = NODES.map(({ name }) => name).filter(name => name !== node.name);
  onTestFinished(clusterIsWhole);
  onTestFinished(() => void kubectl(['uncordon', ...NODES.map(({ name }) => name)]));
  onTestFinished(() => startKubelet(node));
  kubectl(['cordon', ...others]);
  process.kill(pidOf(`kubelet-${node.name}`), 'SIGKILL');
  // An archive that does not travel through the kubelet arrives all the same; its seal does not.
  way.release();
  const here = `--namespace=${NAMESPACE}`;
  await until(
    `the second helper is sent to ${node.name}`,
    () =>
      getJson<{ spec: { nodeName?: string } }>('pod', `nkvm-backup-${id}-2`, here).spec.nodeName ===
      node.name,
    90_000,
    1_000
  );
  kubectl(['uncordon', ...others]);
  kubectl(['cordon', node.name]);
  const end = await ended(world.call, id, 180_000);
  expect(end).toMatchObject({ status: 'success', attempt: 3 });
  expect(end.helper?.node).not.toBe(node.name);
});
