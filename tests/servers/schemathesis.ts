import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CACHE } from '../cluster/machine/paths.ts';
import { isOnPath, run, runAloud, say } from '../cluster/machine/run.ts';

const VERSION = '4.32.5';
const HOME = join(CACHE, `schemathesis-${VERSION}`);
const PYTHON = join(HOME, 'bin/python');
const MARK = join(HOME, 'complete');

/** Undefined: schemathesis can be run. Else why not, for a test that is skipped. */
export const schemathesisMissing = existsSync(MARK)
  ? undefined
  : `schemathesis is not installed: npm run servers (Python 3 with venv)`;

/** Installs schemathesis, which tests an HTTP API against its OpenAPI document, into an environment of its own. */
export async function buildSchemathesis(): Promise<void> {
  if (existsSync(MARK)) return;
  if (!isOnPath('python3')) return say('schemathesis is not installed: there is no python3');
  say(`installing schemathesis ${VERSION} in ${HOME}`);
  rmSync(HOME, { recursive: true, force: true });
  await runAloud('python3', ['-m', 'venv', HOME]);
  await runAloud(PYTHON, ['-m', 'pip', 'install', '--quiet', `schemathesis==${VERSION}`]);
  run(PYTHON, ['-c', 'import schemathesis']);
  mkdirSync(MARK);
}

export interface Tested {
  /** URL of the OpenAPI document. */
  document: string;
  token: string;
  /** Gets the configuration and what schemathesis remembers. */
  dir: string;
  /** As schemathesis.toml takes it. */
  config: string;
  options: readonly string[];
}

/** @returns its exit code, 0 when it found nothing, and its report. */
export async function runSchemathesis({ document, token, dir, config, options }: Tested) {
  const file = join(dir, 'schemathesis.toml');
  writeFileSync(file, config);
  const args = ['--config-file', file, 'run', document, '-H', `X-NKVM-Token: ${token}`];
  const child = spawn(join(HOME, 'bin/schemathesis'), [...args, '--no-color', ...options], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = new Promise<number | null>(resolve => child.once('exit', resolve));
  const report = await text(child.stdout);
  return { code: await exit, report };
}
