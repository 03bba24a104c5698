import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { kubeconfigPath } from '../cluster/support/kubectl.ts';
import { imageFlags } from './imageFlags.ts';

/** A line of the log, of which tests read these fields. */
export interface LogEntry {
  msg?: string;
  reason?: string;
}

/** A sidecar that runs beside the cluster, with settings of its own. */
export interface Sidecar {
  /** Directory with `backups/` and `nkvm.db`. */
  readonly dir: string;
  readonly pid: number;
  /** On 127.0.0.1. */
  readonly port: number;
  /** Its log so far. */
  readonly log: readonly LogEntry[];
  fetch(path: string, token: string, init?: RequestInit): Promise<Response>;
  /** Ends the process; with `SIGKILL`, in the middle of whatever it does. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Takes `dir` away, too. */
  remove(): Promise<void>;
}

const SIDECAR = join(import.meta.dirname, '../../sidecar');
/** What Node has compiled of the sources: a start takes half as long with it. */
const COMPILED = join(import.meta.dirname, '../../node_modules/.cache/node');
/** As the image starts it. */
const FLAGS = imageFlags();

/**
 * Starts a sidecar and waits until it is ready.
 * @param env settings that differ from those of a temporary directory.
 * @param dir the directory of an earlier sidecar, which this one continues.
 * @param main what is run, under `sidecar/`: the sources, or the bundle.
 * @throws Error with what it wrote to stderr, when it ends at once.
 */
export async function startSidecar(
  env: Record<string, string> = {},
  dir?: string,
  main = 'src/main.ts'
): Promise<Sidecar> {
  const own = dir ?? mkdtempSync(join(tmpdir(), 'nkvm-sidecar-'));
  try {
    return await startIn(own, env, main);
  } catch (error) {
    if (!dir) rmSync(own, { recursive: true, force: true });
    throw error;
  }
}

async function startIn(dir: string, env: Record<string, string>, main: string): Promise<Sidecar> {
  const child = spawn(process.execPath, [...FLAGS, join(SIDECAR, main)], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: dir, // one that is killed cleans nothing up
      NKVM_KUBECONFIG: kubeconfigPath(),
      NKVM_BACKUP_DIR: join(dir, 'backups'),
      NKVM_METADATA_DB_PATH: join(dir, 'nkvm.db'),
      NKVM_CLUSTER_NAME: 'beside',
      NKVM_HTTP_PORT: '0',
      NODE_COMPILE_CACHE: COMPILED,
      MALLOC_ARENA_MAX: '2',
      NKVM_MAX_ATTEMPTS: '1', // so that a failure is seen at once
      NKVM_SCHEDULES: 'off', // labelled claims of other tests are left alone
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', chunk => (stderr += chunk));
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const log: LogEntry[] = [];
  const failed = new Promise<never>((_, reject) => {
    ended.then(([code, signal]) => {
      if (code) process.stderr.write(stderr); // it ended by itself, perhaps long after the start
      reject(new Error(stderr.trim() || `it ended with ${code ?? signal}`));
    });
  });
  failed.catch(() => undefined); // it may end whenever it likes once it has started
  const listening = new Promise<number>(resolve => {
    lines.on('line', line => {
      const entry = line.startsWith('{') ? JSON.parse(line) : {};
      log.push(entry);
      if (entry.msg === 'NKVM is listening') resolve(entry.addresses[0].port);
    });
  });
  const port = await Promise.race([listening, failed]);
  const origin = `http://127.0.0.1:${port}`;
  const isReady = (): Promise<boolean> =>
    fetch(`${origin}/readyz`).then(
      ({ ok }) => ok,
      () => false
    );
  while (!(await Promise.race([isReady(), failed])))
    await new Promise(done => setTimeout(done, 50));
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return {
    dir,
    pid: child.pid ?? 0,
    port,
    log,
    fetch: (path, token, init = {}) =>
      fetch(origin + path, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${token}` },
      }),
    stop,
    async remove() {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
