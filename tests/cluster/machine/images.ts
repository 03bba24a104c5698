import { ctr } from './containerd.ts';
import { whyNotUp } from './health.ts';
import { containerdSocket, type Node, NODES } from './paths.ts';
import { runAloud, say } from './run.ts';

/**
 * Puts an image on every node of the test cluster that does not have it.
 * @param image its full name, the path of an archive, and the digest of its manifest.
 * @throws Error when the cluster is not up.
 */
export async function importImage(image: {
  name: string;
  file: string;
  digest: string;
}): Promise<void> {
  const problem = whyNotUp();
  if (problem) throw new Error(`the test cluster is not up (${problem}): npm run cluster:up`);
  await Promise.all(
    NODES.filter(node => digestOn(node, image.name) !== image.digest).map(importOn)
  );

  async function importOn(node: Node): Promise<void> {
    const args = ['--address', containerdSocket(node), '--namespace', 'k8s.io', 'images', 'import'];
    await runAloud('ctr', [...args, image.file]);
    say(`imported into ${node.name}`);
  }
}

/** @returns undefined where the image is not. */
function digestOn(node: Node, name: string): string | undefined {
  const [, row] = ctr(node, 'images', 'list', `name==${name}`).split('\n');
  return row?.split(/\s+/).find(field => field.startsWith('sha256:'));
}
