import react from '@vitejs/plugin-react';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import svgr from 'vite-plugin-svgr';

/** The version of the front end in the SDK's `lib/`. Headlamp reads it from the environment of its build. */
const headlamp = {
  REACT_APP_HEADLAMP_VERSION: '0.42.0',
  REACT_APP_HEADLAMP_PRODUCT_NAME: 'Headlamp',
  REACT_APP_HEADLAMP_SIDEBAR_DEFAULT_OPEN: 'true',
};

const TABLE = /\/lib\/components\/common\/Table\/Table(\.js)?$/;
const FITTING_TABLE = join(import.meta.dirname, 'src/FittingTable.tsx');

/** Replaces Headlamp's table by ours, which does what the table of a later Headlamp does. */
const fittingTable: Plugin = {
  name: 'fitting-table',
  enforce: 'pre',
  async resolveId(source, importer) {
    if (importer === FITTING_TABLE || !/\/Table(\.js)?$/.test(source)) return undefined;
    const found = await this.resolve(source, importer, { skipSelf: true });
    return found && TABLE.test(found.id) ? FITTING_TABLE : undefined;
  },
};

export default defineConfig({
  root: import.meta.dirname,
  // The server puts the base URL before it.
  base: './',
  define: {
    global: 'globalThis',
    ...Object.fromEntries(
      Object.entries(headlamp).map(([name, value]) => [
        `import.meta.env.${name}`,
        JSON.stringify(value),
      ])
    ),
  },
  plugins: [
    fittingTable,
    react(),
    svgr({ svgrOptions: { svgo: false, titleProp: true, ref: true } }),
  ],
  build: {
    emptyOutDir: true,
    target: 'es2022',
    minify: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 100_000,
    // Headlamp loads its locales by import(`./locales/${language}/${namespace}.json`) from inside node_modules.
    dynamicImportVarsOptions: { exclude: [] },
  },
});
