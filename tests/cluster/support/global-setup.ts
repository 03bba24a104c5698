import { buildImage } from '../../../deploy/image/image.ts';
import { applyFixture } from '../fixture/fixture.ts';
import { bringKubectl } from '../machine/build.ts';
import { up } from '../machine/cluster.ts';
import { importImage } from '../machine/images.ts';
import { ADMIN_KUBECONFIG } from '../machine/paths.ts';
import { say } from '../machine/run.ts';
import { deploy } from './deploy.ts';
import { kubeconfigPath } from './kubectl.ts';

/**
 * Brings a cluster with the fixture and NKVM, before the first suite. A cluster that KUBECONFIG names must have the image
 * already; it keeps what the suites put there. The test cluster stays up, too: `npm run cluster:down` removes it.
 */
export async function setup(): Promise<void> {
  await bringKubectl();
  if (kubeconfigPath() === ADMIN_KUBECONFIG) {
    await up();
    const image = await buildImage();
    await importImage(image);
    deploy(image.id);
  } else {
    say(`the tests use the cluster of ${kubeconfigPath()}`);
    deploy();
  }
  applyFixture(kubeconfigPath());
}
