import { defineConfig } from 'vitest/config';

/** What also runs on a real cluster: the rest does not depend on the API server. */
const ON_A_CLUSTER = ['routes.test.ts', 'smuggling.test.ts'];

const common = {
  root: import.meta.dirname,
  environment: 'node',
  testTimeout: 900_000,
  hookTimeout: 900_000,
};

/**
 * Attacks on the real sidecar: `vitest run --config tests/security/vitest.config.ts`. The project `security` needs no cluster: the
 * API server is the playground.
 */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    maxWorkers: 2,
    minWorkers: 1,
    projects: [
      {
        test: {
          ...common,
          name: 'security',
          include: ['*.test.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'security-on-a-cluster',
          include: ON_A_CLUSTER,
          env: { NKVM_TEST_WORLD: 'cluster' },
          globalSetup: ['../cluster/support/global-setup.ts'],
          poolOptions: { forks: { singleFork: true } },
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
