import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isAlive } from '../../support/isAlive.ts';

const HERE = import.meta.dirname;
const ROOT = resolve(HERE, '../../..');
const KEEP_MS = 7 * 24 * 60 * 60_000;
const CACHE = join(homedir(), '.cache/nkvm/host');

/**
 * Builds Headlamp's front end, unless these sources and these packages have been built before.
 *
 * @param onBuild is called when there is something to build.
 * @returns the directory that holds `index.html`.
 * @throws Error with the last lines of the build's output. Nothing is left in the cache then.
 */
export async function buildHost(onBuild: () => void = () => undefined): Promise<string> {
  const built = join(CACHE, await keyOfInputs());
  if (existsSync(built)) {
    await utimes(built, new Date(), new Date());
    return built;
  }
  onBuild();

  const unfinished = `${built}.${process.pid}`;
  await mkdir(CACHE, { recursive: true });
  try {
    await runVite(unfinished);
    await rename(unfinished, built).catch(error => {
      // Another process was faster: its build is the same.
      if (!existsSync(built)) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  await removeOthers(built);
  return built;
}

/** Everything that the result depends on: the packages by their lockfile, the build, and the sources that vite reads. */
async function keyOfInputs(): Promise<string> {
  const sources = await readdir(join(HERE, 'src'));
  const inputs = [
    join(ROOT, 'package-lock.json'),
    import.meta.filename,
    join(HERE, 'index.html'),
    join(HERE, 'vite.config.ts'),
    ...sources.sort().map(name => join(HERE, 'src', name)),
  ];
  const hash = createHash('sha256');
  for (const file of inputs) hash.update(file.slice(ROOT.length)).update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}

/** In a process of its own, of low priority: it takes 2 GB and both cores for half a minute. */
async function runVite(outDir: string): Promise<void> {
  const vite = join(dirname(createRequire(HERE).resolve('vite/package.json')), 'bin/vite.js');
  const args = [
    vite,
    'build',
    '--configLoader',
    'native',
    '--logLevel',
    'warn',
    '--outDir',
    outDir,
  ];
  const child = spawn('nice', ['-n', '5', process.execPath, ...args], {
    cwd: HERE,
    // Under a test runner it would become a front end for developers, which looks for its server at another port.
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream
      .setEncoding('utf8')
      .on('data', (text: string) => (output = (output + text).slice(-4000)));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new Error(`the build of Headlamp's front end ended with ${code}:\n${output}`);
}

/**
 * Each build takes 20 MB. Builds that were not used for a week are deleted, but not earlier: another checkout may be using its
 * own. Unfinished ones, called `KEY.PID`, are deleted when their process has ended.
 */
async function removeOthers(built: string): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const path = join(CACHE, name);
    const [, builder] = name.split('.');
    const isWanted = builder
      ? isAlive(Number(builder))
      : path === built || Date.now() - (await stat(path)).mtimeMs < KEEP_MS;
    if (!isWanted) await rm(path, { recursive: true, force: true });
  }
}

if (import.meta.main) console.log(await buildHost());
