import { defineConfig } from 'vitest/config';

/** What must not break a backup, on the test cluster: `vitest run --config tests/faults/vitest.config.ts`. */
export default defineConfig({
  test: {
    name: 'faults',
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    environment: 'node',
    globalSetup: ['support/global-setup.ts'],
    // one cluster: nobody works on it while another file breaks it
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 180_000,
  },
});
