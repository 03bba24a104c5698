import { ADMIN_KUBECONFIG } from '../../cluster/machine/paths.ts';
import { setup as bringCluster } from '../../cluster/support/global-setup.ts';
import { kubeconfigPath } from '../../cluster/support/kubectl.ts';

/** Brings the test cluster. Another one is refused: these suites stop kubelets and kill API servers. */
export async function setup(): Promise<void> {
  if (kubeconfigPath() !== ADMIN_KUBECONFIG) {
    throw new Error(
      `the faults are done to the test cluster alone, and KUBECONFIG names ${kubeconfigPath()}: unset it`
    );
  }
  await bringCluster();
}
