import { defineConfig } from 'vitest/config';

/** Suites that need no cluster. Those that do have a config of their own in `tests/`. */
export default defineConfig({
  test: {
    projects: [
      {
        extends: './node_modules/@kinvolk/headlamp-plugin/config/vite.config.mjs',
        test: { name: 'plugin', include: ['src/**/*.test.{ts,tsx}'] },
      },
      {
        test: {
          name: 'sidecar',
          include: ['sidecar/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
          environment: 'node',
        },
      },
    ],
  },
});
