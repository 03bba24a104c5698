import { ADMIN_KUBECONFIG } from '../../cluster/machine/paths.ts';
import { setup as bringCluster } from '../../cluster/support/global-setup.ts';
import { kubeconfigPath, kubectl } from '../../cluster/support/kubectl.ts';
import { NAMESPACE } from './namespace.ts';

/** Brings the test cluster. Another one is refused: these suites stop kubelets and kill API servers. */
export async function setup(): Promise<void> {
  if (kubeconfigPath() !== ADMIN_KUBECONFIG) {
    throw new Error(
      `the faults are done to the test cluster alone, and KUBECONFIG names ${kubeconfigPath()}: unset it`
    );
  }
  await bringCluster();
  // Before the tests, which apply it with their volumes: of several that do so at once, kubectl fails for all but one.
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  kubectl(['apply', '--filename=-'], JSON.stringify(namespace));
}
