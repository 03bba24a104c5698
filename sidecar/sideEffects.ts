import type { Plugin } from 'esbuild';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Packages whose modules do nothing but define things, though their package.json does not say so. */
const PURE = /[\\/]@kubernetes[\\/]client-node[\\/]dist[\\/]/;
const CLIENT = createRequire(import.meta.url).resolve('@kubernetes/client-node');

/**
 * Lets esbuild leave out what nobody uses of the Kubernetes client: it defines every API that there is, and the process
 * took 25 MiB more with all of them. The client's imports name whole files, so no search is needed: esbuild's own, asked
 * for each of its thousands of imports, took 8 s.
 */
export const withoutUnusedApis: Plugin = {
  name: 'without-unused-apis',
  setup(build) {
    build.onResolve({ filter: /^@kubernetes\/client-node$/ }, () => ({
      path: CLIENT,
      sideEffects: false,
    }));
    build.onResolve({ filter: /^\./ }, ({ importer, resolveDir, path }) =>
      PURE.test(importer) ? { path: join(resolveDir, path), sideEffects: false } : undefined
    );
  },
};
