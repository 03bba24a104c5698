import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/runner/longestFirst.ts';

/** For a test that hangs, and not for one that is slow: a busy machine starts a process in seconds. */
const testTimeout = 180_000;

/** A failed comparison shows what it compared, not only in its difference: the end of the log has no room for that. */
const chaiConfig = { truncateThreshold: 1_000 };

const exclude = ['**/node_modules/**', '**/dist/**'];

/** Suites that need no cluster. Those that do have a config of their own in `tests/cluster`. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Vitest leaves one core to itself; on two cores, that is one worker.
    maxWorkers: '100%',
    minWorkers: 1,
    projects: [
      {
        extends: './node_modules/@kinvolk/headlamp-plugin/config/vite.config.mjs',
        test: {
          name: 'plugin',
          include: ['src/**/*.test.{ts,tsx}'],
          testTimeout,
          // Headlamp's i18n then writes no log of 1,200 lines for each file.
          env: { UNDER_TEST: 'true' },
        },
      },
      {
        test: {
          name: 'sidecar',
          include: ['sidecar/**/*.test.ts'],
          exclude,
          environment: 'node',
          ...{ testTimeout, hookTimeout: testTimeout, chaiConfig },
        },
      },
      {
        test: {
          name: 'world',
          include: [
            'tests/{browser,contract,demo,deploy,docs,model,playground,product,supply,support}/**/*.test.ts',
          ],
          exclude,
          environment: 'node',
          ...{ testTimeout, hookTimeout: testTimeout, chaiConfig },
        },
      },
      {
        test: {
          name: 'destinations',
          include: ['tests/{destinations,servers}/**/*.test.ts'],
          exclude,
          environment: 'node',
          ...{ testTimeout, hookTimeout: testTimeout, chaiConfig },
        },
      },
    ],
  },
});
