import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startApiServer } from '../cluster/machine/control-plane.ts';
import { startKubelet } from '../cluster/machine/kubelet.ts';
import { API_PORT } from '../cluster/machine/paths.ts';
import { identityOf, pidOf } from '../cluster/machine/processes.ts';
import { ended, read, start } from '../cluster/support/backups.ts';
import { kubectl } from '../cluster/support/kubectl.ts';
import { until } from '../cluster/support/until.ts';
import { expectNothingLeft, expectNothingLost } from './support/afterwards.ts';
import { clusterIsWhole } from './support/clusterIsWhole.ts';
import { BEYOND_BUFFERS_MIB, heldRun } from './support/heldRun.ts';
import { helperOnNode } from './support/onNode.ts';
import { USUAL } from './support/transports.ts';
import { faultVolume } from './support/volume.ts';

const MiB = 1 << 20;

/** A sidecar that tries again, and a run of it whose stream is held after 16 MiB. */
async function inTheMiddle(mib = 32) {
  const volume = faultVolume(mib);
  const { way, world, id } = await heldRun(volume, 16 * MiB, { NKVM_MAX_ATTEMPTS: '3' });
  return { volume, way, world, id, helper: helperOnNode(id) };
}

/** Ends a part of the cluster. */
async function killed(part: string): Promise<void> {
  const pid = pidOf(part);
  process.kill(pid, 'SIGKILL');
  await until(`${part} has ended`, () => !identityOf(pid), 30_000);
}

/** A process that was killed holds its port until its last thread has ended. */
const isFree = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });

it('[truncated archive] API server restarted in mid-stream: success, and no attempt is used up', async () => {
  const { volume, way, world, id } = await inTheMiddle();
  onTestFinished(clusterIsWhole);
  await killed('kube-apiserver');
  await until(`port ${API_PORT} is free`, () => isFree(API_PORT), 30_000);
  startApiServer();
  way.release();
  expect(await ended(world.call, id, 120_000)).toMatchObject({ status: 'success', attempt: 1 });
  await clusterIsWhole();
  await expectNothingLost(world, volume, 1);
});

it('[truncated archive] kubelet of the helper’s node killed and started: the second attempt succeeds', async () => {
  const { volume, way, world, id, helper } = await inTheMiddle();
  onTestFinished(clusterIsWhole);
  await killed(`kubelet-${helper.node.name}`);
  way.release();
  startKubelet(helper.node);
  expect(await ended(world.call, id, 120_000)).toMatchObject({ status: 'success', attempt: 2 });
  await clusterIsWhole();
  await expectNothingLost(world, volume, 1);
});

it('[lost run] kubelet of the helper’s node stopped for a while: the run goes on', async () => {
  const { volume, way, world, id, helper } = await inTheMiddle(BEYOND_BUFFERS_MIB);
  onTestFinished(clusterIsWhole);
  const kubelet = pidOf(`kubelet-${helper.node.name}`);
  process.kill(kubelet, 'SIGSTOP');
  try {
    way.release();
    let before: number | null = -1;
    await until(
      'no more bytes arrive',
      async () => {
        const { bytes } = await read(world.call, id);
        return bytes === before || void (before = bytes);
      },
      60_000,
      2_000
    );
    // Only a stream of the API server goes through the kubelet.
    if (USUAL === 'exec') expect(before).toBeLessThan(BEYOND_BUFFERS_MIB * MiB);
  } finally {
    process.kill(kubelet, 'SIGCONT');
  }
  expect(await ended(world.call, id)).toMatchObject({ status: 'success', attempt: 1 });
  await expectNothingLost(world, volume, 1);
});

it('[truncated archive] node drained in mid-stream: the second attempt succeeds on another node', async () => {
  const { volume, way, world, id, helper } = await inTheMiddle();
  const { name } = helper.node;
  onTestFinished(() => void kubectl(['uncordon', name]));
  const drain = ['--force', '--delete-emptydir-data', '--ignore-daemonsets', '--timeout=180s'];
  kubectl(['drain', name, ...drain, '--pod-selector=app.kubernetes.io/component=backup-helper']);
  way.release();
  const backup = await ended(world.call, id, 120_000);
  expect(backup).toMatchObject({ status: 'success', attempt: 2 });
  expect(backup.helper?.node).not.toBe(name);
  await expectNothingLost(world, volume, 1);
});

it('[lost run] claim deleted in mid-stream: success, as Kubernetes keeps it until then', async () => {
  const { volume, way, world, id } = await inTheMiddle();
  kubectl(['delete', `pvc/${volume.name}`, `--namespace=${volume.namespace}`, '--wait=false']);
  way.release();
  expect(await ended(world.call, id)).toMatchObject({ status: 'success', attempt: 1 });
  expectNothingLeft(world, 1);
  const next = await until(
    'another backup is refused',
    async () => (await start(world.call, volume.namespace, volume.name)).problem,
    20_000
  );
  expect(next).toMatchObject({ reason: 'ClaimNotFound' });
});
