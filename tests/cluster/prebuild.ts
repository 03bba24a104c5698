/**
 * Builds the programs of the test cluster, and boots nothing: for doing so beside something else. Where KUBECONFIG names
 * another cluster, there is nothing to build.
 */
import { bringKubectl, buildKubernetes } from './machine/build.ts';
import { alone } from './machine/lock.ts';
import { IMAGE_PROGRAMS, installMissing, needRoot, NODE_PROGRAMS } from './machine/packages.ts';
import { ADMIN_KUBECONFIG } from './machine/paths.ts';
import { say, textOf } from './machine/run.ts';
import { kubeconfigPath } from './support/kubectl.ts';

try {
  if (kubeconfigPath() === ADMIN_KUBECONFIG) {
    needRoot('building the test cluster');
    await alone('cluster', async () => {
      await installMissing({ ...NODE_PROGRAMS, ...IMAGE_PROGRAMS });
      await bringKubectl();
      await buildKubernetes();
    });
  }
} catch (error) {
  say(textOf(error));
  process.exitCode = 1;
}
