import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** They stop kubelets and API servers, cordon nodes, or list all pods: no other test may run at the same time. */
const ALONE = ['cluster.test.ts', 'populate.test.ts', 'waiting.test.ts'];

const common = {
  root: import.meta.dirname,
  environment: 'node',
  testTimeout: 900_000,
  hookTimeout: 900_000,
  chaiConfig: { truncateThreshold: 1_000 },
};

/** What must not break a backup, on the test cluster: `vitest run --config tests/faults/vitest.config.ts`. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    globalSetup: ['support/global-setup.ts'],
    // Each file has sidecars and volumes of its own, and waits most of the time.
    maxWorkers: Math.min(3, availableParallelism() + 1),
    minWorkers: 1,
    projects: [
      {
        test: {
          ...common,
          name: 'faults',
          include: ['*.test.ts'],
          exclude: ALONE,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'faults-of-the-cluster',
          include: ALONE,
          poolOptions: { forks: { singleFork: true } },
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
