import { defineConfig } from 'vitest/config';

/** Suites against a real Kubernetes: `vitest run --config tests/cluster/vitest.config.ts`. */
export default defineConfig({
  test: {
    name: 'cluster',
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    environment: 'node',
    globalSetup: ['support/global-setup.ts'],
    // one cluster and one installation: one file at a time
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 900_000,
    chaiConfig: { truncateThreshold: 1_000 },
  },
});
