/**
 * `npm run bundle -w sidecar`: puts the sidecar and all that it imports into `dist/`, for an image without
 * node_modules: `main.js` and the command `nkvm.js` with their parts, what they read beside them (`sql-wasm.wasm`, and the
 * programs of helper pods in `pack/` and `unpack/`), the licences of what is in them, and the bill of materials (CycloneDX).
 */
import { build } from 'esbuild';
import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { checkLicences } from '../deploy/supply/allowedLicences.ts';
import { licenceTexts, packagesOf } from '../deploy/supply/packages.ts';
import { aboutPackage, npmContents, sbomText } from '../deploy/supply/sbom.ts';
import { withoutUnusedApis } from './sideEffects.ts';
import { UNPACK_INPUTS } from './src/helper/unpack/unpackInputs.ts';

const HERE = import.meta.dirname;
const OUT = join(HERE, 'dist');

/** Variables that CommonJS modules expect and an ESM file does not have. */
const COMMONJS = `
import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;
`;

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT);
const { metafile } = await build({
  absWorkingDir: HERE,
  entryPoints: ['src/main.ts', 'src/nkvm.ts'],
  outdir: OUT,
  // Modules that are imported when they are needed, such as the client of S3, are read only then: it costs 10 MiB.
  splitting: true,
  chunkNames: '[name]-[hash]',
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  banner: { js: COMMONJS },
  // names stay whole, for stack traces
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [withoutUnusedApis],
  // ssh2 takes them where they are; Node's own functions do the same
  external: ['*.node'],
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
}).catch(() => process.exit(1)); // esbuild has said why
// the file that sql.js looks for beside the script that it runs in
const wasm = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm');
copyFileSync(wasm, join(OUT, 'sql-wasm.wasm'));
for (const room of ['pack', 'unpack'])
  cpSync(join(HERE, 'src/helper', room), join(OUT, room), {
    recursive: true,
    filter: path => !path.endsWith('.ts'),
  });
// Helper pods get these as they are.
await build({
  absWorkingDir: join(HERE, 'src/helper/unpack/program'),
  entryPoints: ['main', ...UNPACK_INPUTS].map(name => `${name}.ts`),
  outdir: join(OUT, 'unpack/program'),
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
});
const sources = Object.keys(metafile.inputs).map(path => join(HERE, path));
const packages = packagesOf(sources);
checkLicences(packages);
writeFileSync(join(OUT, 'THIRD-PARTY-LICENSES.txt'), licenceTexts(packages));
writeFileSync(join(OUT, 'sbom.cdx.json'), sbomText(aboutPackage(HERE), npmContents(packages)));
