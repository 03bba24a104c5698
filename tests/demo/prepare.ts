import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildHost } from '../browser/host/build.ts';

const ROOT = join(import.meta.dirname, '../..');
const STAMP = join(ROOT, 'dist/.inputs');

/** Builds what is not built yet: the plugin into `dist/`, and Headlamp's front end. @returns the latter's directory. */
export async function prepare(say: (text: string) => void): Promise<string> {
  const key = keyOfPlugin();
  if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== key) {
    say('Building the plugin');
    await run('headlamp-plugin', ['build']);
    writeFileSync(STAMP, key);
  }
  say('Building Headlamp’s front end, unless it is built (half a minute, once)');
  return await buildHost();
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
  const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', chunk => (output += chunk));
  child.stderr.on('data', chunk => (output += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${output}`);
}
