import { mkdirSync } from 'node:fs';
import { until } from '../support/until.ts';
import { adminKubectl } from './admin-kubectl.ts';
import { bringKubectl, buildKubernetes } from './build.ts';
import { makeCertificates } from './certificates.ts';
import { startContainerd } from './containerd.ts';
import { startApi, startControllers } from './control-plane.ts';
import { whyNotReady, whyNotUp } from './health.ts';
import { startKubelet } from './kubelet.ts';
import { alone } from './lock.ts';
import { makeNetwork } from './network.ts';
import { IMAGE_PROGRAMS, installMissing, needRoot, NODE_PROGRAMS } from './packages.ts';
import { ADMIN_KUBECONFIG, CLUSTER, NODES, STATE } from './paths.ts';
import { needFreePorts } from './ports.ts';
import { say } from './run.ts';
import { removeEverything } from './stop.ts';
import { startStorage } from './storage.ts';

/**
 * Boots the test cluster, unless it is up. What is left of a broken one, or of one from before a reboot, is removed
 * first.
 * @returns the path of the administrator's kubeconfig.
 */
export async function up(): Promise<string> {
  await bringKubectl();
  if (!whyNotUp()) return ADMIN_KUBECONFIG;
  needRoot('the test cluster');
  return alone(CLUSTER, async () => {
    const problem = whyNotUp(); // somebody else may have booted it meanwhile
    if (!problem) return ADMIN_KUBECONFIG;
    say(`booting the test ${CLUSTER}: ${problem}`);
    await installMissing({ ...NODE_PROGRAMS, ...IMAGE_PROGRAMS });
    await buildKubernetes();
    await removeEverything();
    await boot();
    return ADMIN_KUBECONFIG;
  });
}

async function boot(): Promise<void> {
  await needFreePorts();
  mkdirSync(STATE, { recursive: true });
  makeCertificates();
  makeNetwork();
  startApi();
  await Promise.all(NODES.map(startContainerd));
  await until('the API server answers', () => adminKubectl('get', '--raw', '/readyz'), 60_000);
  startControllers();
  NODES.forEach(startKubelet);
  await startStorage();
  const isReady = () => {
    const problem = whyNotReady();
    if (problem) throw new Error(problem);
    return true;
  };
  await until(`the cluster is ready (its logs are in ${STATE}/log)`, isReady, 120_000);
}

/** Stops the test cluster and removes all that it had: volumes, images of its nodes, keys. What was built stays. */
export async function down(): Promise<void> {
  needRoot('stopping the test cluster');
  await alone(CLUSTER, removeEverything);
}
