import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** The contract and the playground that is held to it: `vitest run --config tests/contract/vitest.config.ts`. */
export default defineConfig({
  test: {
    name: 'contract',
    root: join(import.meta.dirname, '..'),
    include: ['contract/**/*.test.ts', 'playground/**/*.test.ts'],
    environment: 'node',
    testTimeout: 30_000,
  },
});
