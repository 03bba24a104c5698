import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Rollup, UserConfig } from 'vite';
import { build } from 'vite';

const HEADLAMP_CONFIG = createRequire(import.meta.url).resolve(
  '@kinvolk/headlamp-plugin/config/vite.config.mjs'
);

/** What headlamp-plugin adds to its own configuration when it builds. */
const DEFINE = {
  'import.meta.env.NODE_ENV': '"production"',
  'process.env.NODE_ENV': '"production"',
};

/**
 * Builds the plugin once more, as headlamp-plugin does, to know which files are in it.
 * @param root of the plugin, where `dist/main.js` was built by `npm run build`; also the working directory
 * @returns absolute paths of the files whose code is in it
 * @throws Error where `dist/main.js` is not what is built now
 */
export async function modulesOfPlugin(root: string): Promise<string[]> {
  process.env.NODE_ENV = 'production';
  const { default: config } = (await import(HEADLAMP_CONFIG)) as { default: UserConfig };
  const [injection] = config.plugins ?? [];
  const result = await build({
    ...config,
    ...{ root, configFile: false, logLevel: 'error' },
    define: { ...config.define, ...DEFINE },
    plugins: [...(config.plugins ?? []), injection],
    build: { ...config.build, write: false },
  });
  const outputs = [result].flat() as Rollup.RollupOutput[];
  const chunks = outputs.flatMap(({ output }) => output).filter(each => each.type === 'chunk');
  const [main] = chunks;
  if (chunks.length !== 1 || main?.code !== readFileSync(join(root, 'dist/main.js'), 'utf8'))
    throw new Error('dist/main.js was not built from these files: run npm run build');
  return Object.entries(main.modules)
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .map(([id]) => id.replace(/^\0/, '').replace(/\?.*$/, ''))
    .filter(id => id.startsWith('/'));
}
