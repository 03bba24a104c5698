import { join } from 'node:path';

/** Where suites leave what they counted. */
export const RESULTS = join(import.meta.dirname, '../../.results');

/** One step of a test run. `report` names the JSON file of a vitest run; a step without one counts as one test. */
export interface Step {
  name: string;
  command: readonly string[];
  report?: string;
  /** Uses one core: such steps that follow each other run side by side. */
  usesOneCore?: boolean;
}

const vitest = (name: string, ...args: string[]): Step => ({
  name,
  command: [
    'vitest',
    'run',
    ...args,
    '--reporter=default',
    '--reporter=json',
    // absolute: vitest takes a relative path for one below the root of its config
    `--outputFile.json=${join(RESULTS, `${name}.json`)}`,
  ],
  report: join(RESULTS, `${name}.json`),
});

/** The results of earlier checks, for files that have not changed. `npm ci` deletes them with the packages. */
const CACHE = join(import.meta.dirname, '../../node_modules/.cache');

const types = (name: string, project: string): Step => ({
  name: `types-${name}`,
  usesOneCore: true,
  command: [
    ...['tsc', '--noEmit', '-p', project],
    ...['--incremental', '--tsBuildInfoFile', join(CACHE, `tsc/${name}.json`)],
  ],
});

const PLUGIN: Step = { name: 'plugin-build', command: ['node', 'tests/runner/buildPlugin.ts'] };

/** What needs no root and no cluster. */
export const FAST: readonly Step[] = [
  {
    name: 'format',
    usesOneCore: true,
    command: [
      ...['prettier', '--check', '--loglevel=warn', '.'],
      ...['--cache', '--cache-strategy=content'],
      `--cache-location=${join(CACHE, 'prettier.json')}`,
    ],
  },
  {
    name: 'lint',
    usesOneCore: true,
    command: [
      ...['eslint', '--max-warnings', '0', '--ext', '.js,.mjs,.ts,.tsx', '.'],
      ...['--cache', '--cache-strategy=content', `--cache-location=${join(CACHE, 'eslint.json')}`],
    ],
  },
  types('plugin', '.'),
  types('sidecar', 'sidecar'),
  types('tests', 'tests'),
  types('host', 'tests/browser/host'),
  {
    name: 'strings', // every English string of the plugin stands in locales/, and no other
    usesOneCore: true,
    command: [
      'i18next',
      'src/**/*.{ts,tsx}',
      '-c',
      'node_modules/@kinvolk/headlamp-plugin/config/i18next-parser.config.js',
      '--fail-on-update',
      '--silent',
    ],
  },
  vitest('unit'),
  PLUGIN,
];

/** What needs a real cluster. */
export const CLUSTER: readonly Step[] = [
  PLUGIN,
  vitest('cluster', '--config', 'tests/cluster/vitest.config.ts'),
];

/** Attacks on the sidecar: on the playground, and on a real cluster. */
export const SECURITY: readonly Step[] = [
  vitest('security', '--config', 'tests/security/vitest.config.ts'),
];

/** What is broken on purpose on the test cluster, after the suites that need it whole. */
export const FAULTS: readonly Step[] = [
  vitest('faults', '--config', 'tests/faults/vitest.config.ts'),
];
