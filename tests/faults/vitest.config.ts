import { defineConfig } from 'vitest/config';
import { API_ADDRESS } from '../cluster/machine/paths.ts';

/** What must not break a backup, on the test cluster: `vitest run --config tests/faults/vitest.config.ts`. */
export default defineConfig({
  test: {
    name: 'faults',
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    environment: 'node',
    // `NKVM_TEST_TRANSPORT=push`: all of it, with sidecars that helper pods push to
    env: process.env.NKVM_TEST_TRANSPORT === 'push' ? { NKVM_TEST_PUSH_ADDRESS: API_ADDRESS } : {},
    globalSetup: ['support/global-setup.ts'],
    // one cluster: nobody works on it while another file breaks it
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 180_000,
  },
});
