import { whyNotUp } from '../../cluster/machine/health.ts';
import { waitUntilReady } from '../../cluster/support/deploy.ts';
import { until } from '../../cluster/support/until.ts';

/** Waits until every process, both nodes and NKVM in the cluster work again. @throws Error after two minutes. */
export async function clusterIsWhole(): Promise<void> {
  await until(
    'the test cluster is whole again',
    () => {
      const problem = whyNotUp();
      if (problem) throw new Error(problem);
      return true;
    },
    120_000
  );
  waitUntilReady();
}
