import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import svgr from 'vite-plugin-svgr';

/** Front end of this version lies in the SDK's `lib/`. Headlamp reads it from the environment of its build. */
const headlamp = {
  REACT_APP_HEADLAMP_VERSION: '0.42.0',
  REACT_APP_HEADLAMP_PRODUCT_NAME: 'Headlamp',
  REACT_APP_HEADLAMP_SIDEBAR_DEFAULT_OPEN: 'true',
};

export default defineConfig({
  root: import.meta.dirname,
  define: {
    global: 'globalThis',
    ...Object.fromEntries(
      Object.entries(headlamp).map(([name, value]) => [
        `import.meta.env.${name}`,
        JSON.stringify(value),
      ])
    ),
  },
  plugins: [react(), svgr({ svgrOptions: { svgo: false, titleProp: true, ref: true } })],
  build: {
    emptyOutDir: true,
    target: 'es2022',
    minify: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 100_000,
    // Headlamp loads its locales by import(`./locales/${language}/${namespace}.json`) from inside node_modules.
    dynamicImportVarsOptions: { exclude: [] },
  },
});
