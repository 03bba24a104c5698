import type { Plugin } from 'esbuild';

/** Packages whose modules do nothing but define things, though their package.json does not say so. */
const PURE = /[\\/]@kubernetes[\\/]client-node[\\/]dist[\\/]/;
const SEEN = 'seen';

/**
 * Lets esbuild leave out what nobody uses of the Kubernetes client: it defines every API that there is, and the process
 * took 25 MiB more with all of them.
 */
export const withoutUnusedApis: Plugin = {
  name: 'without-unused-apis',
  setup(build) {
    build.onResolve({ filter: /^@kubernetes\/client-node$|^\./ }, async args => {
      const isTheirs = args.path.startsWith('@kubernetes') || PURE.test(args.importer);
      if (args.pluginData === SEEN || !isTheirs) return undefined;
      const { importer, resolveDir, kind, path } = args;
      const found = await build.resolve(path, { importer, resolveDir, kind, pluginData: SEEN });
      return PURE.test(found.path) ? { ...found, sideEffects: false } : found;
    });
  },
};
