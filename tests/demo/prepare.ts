import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildHost } from '../browser/host/build.ts';
import { alone } from '../cluster/machine/lock.ts';

const ROOT = join(import.meta.dirname, '../..');
const STAMP = join(ROOT, 'dist/.inputs');

/** Builds what is not built yet: the plugin, and Headlamp's front end. @returns the latter's directory. */
export async function prepare(say: (text: string) => void): Promise<string> {
  await preparePlugin(say);
  return await buildHost(() => say('Building Headlamp’s front end (half a minute, once)'));
}

/** Builds the plugin into `dist/`, unless it is built of these files. */
export async function preparePlugin(say: (text: string) => void): Promise<void> {
  await alone('plugin', () => buildPlugin(say));
}

async function buildPlugin(say: (text: string) => void): Promise<void> {
  const key = keyOfPlugin();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === key) return;
  say('Building the plugin');
  rmSync(STAMP, { force: true }); // what an unfinished build leaves is no build
  await run('headlamp-plugin', ['build']);
  writeFileSync(STAMP, key);
}

/** Everything that the plugin is made of. */
function keyOfPlugin(): string {
  const sources = ['src', 'sidecar/api', 'locales'].flatMap(folder =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
  );
  const hash = createHash('sha256');
  for (const file of [...sources.sort(), join(ROOT, 'package-lock.json')]) {
    hash.update(file.slice(ROOT.length)).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** @throws Error with what the program wrote, when it does not end well. */
async function run(program: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', chunk => (output += chunk));
  child.stderr.on('data', chunk => (output += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${output}`);
}
