import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identityOf } from '../cluster/machine/processes.ts';
import { until } from '../cluster/support/until.ts';

/** A real server that a test has started for itself. */
export interface Server {
  /** The address that it listens on. */
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** All that it has. It is deleted when the server stops. */
  readonly dir: string;
  /** @returns its output so far, stdout and stderr. */
  output(): string;
  /** Ends it, the processes that it has started, and its directory. May be called twice. */
  stop(): Promise<void>;
}

export interface Program {
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
}

export interface ServerOptions {
  /** For messages, and in the name of its directory. */
  name: string;
  /** The address to listen on. Default: 127.0.0.1. */
  host?: string | undefined;
  /** Writes its files into `dir`, which is empty. @returns the command that starts it in the foreground on that address. */
  prepare(dir: string, port: number, host: string): Program | Promise<Program>;
  /** @returns whether it serves. Default: the port is open. May throw for "not yet". */
  isReady?(port: number, dir: string, host: string): Promise<boolean>;
}

/** Where a server is to be reached. */
export interface Listens {
  /** The address to listen on, e.g. one that pods of the test cluster reach. Default: 127.0.0.1. */
  host?: string | undefined;
}

export const LOOPBACK = '127.0.0.1';

const READY_MS = 30_000;
const STOPPING_MS = 5_000;
/** The port was free a moment ago; somebody else may have taken it since. */
const TRIES = 3;

/**
 * Starts a server on a free port, and waits until it serves.
 * @throws Error with what it wrote, when it ends or does not serve within 30 s
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await startOn(await freePort(options.host), options);
    } catch (error) {
      if (tried === TRIES || !/in use/i.test(String(error))) throw error;
    }
  }
}

/** @returns a port of that address that is free at this moment. */
export async function freePort(host = LOOPBACK): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(0, host, resolve)
  );
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  if (!address || typeof address === 'string') throw new Error(`no port of ${host} is free`);
  return address.port;
}

async function startOn(port: number, options: ServerOptions): Promise<Server> {
  const { name, host = LOOPBACK, prepare, isReady = isOpen } = options;
  const dir = mkdtempSync(join(tmpdir(), `nkvm-${name}-`));
  const clear = () => rmSync(dir, { recursive: true, force: true });
  let child: ChildProcess;
  try {
    const { command, args, env } = await prepare(dir, port, host);
    // in the process group of the tests, so that whatever ends them ends it, too
    child = spawn(command, args, { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    clear();
    throw error;
  }
  let output = '';
  let end: string | undefined;
  child.stdout?.on('data', chunk => (output += chunk));
  child.stderr?.on('data', chunk => (output += chunk));
  const ended = new Promise<void>(resolve => {
    child.once('error', error => resolve(void (end = error.message)));
    child.once('close', (code, signal) => resolve(void (end ??= `ended with ${signal ?? code}`)));
  });
  // Its own end: processes that it has started may keep its output open.
  const exited = new Promise<void>(resolve => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const server: Server = {
    host,
    port,
    pid: child.pid ?? 0,
    dir,
    output: () => output,
    async stop() {
      const started = end === undefined ? descendantsOf(server.pid) : [];
      child.kill();
      await Promise.race([exited, pause(STOPPING_MS, undefined, { ref: false }).then(kill)]);
      await exited;
      for (const pid of started) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
      await ended;
      await until(`${name} has ended`, () => !started.some(isRunning), STOPPING_MS, 10);
      process.off('exit', kill);
      clear();
    },
  };
  const limit = Date.now() + READY_MS;
  while (!(await isReady(port, dir, host).catch(() => false))) {
    if (end === undefined && Date.now() < limit) {
      await pause(20);
      continue;
    }
    const why = end ?? `does not serve after ${READY_MS / 1000} s`;
    await server.stop();
    throw new Error(`${name} on port ${port}: ${why}: ${output.trim().slice(-2000)}`);
  }
  return server;
}

/** A zombie has ended as well, although its parent has not waited for it yet. */
const isRunning = (pid: number): boolean => identityOf(pid) !== undefined;

const isOpen = (port: number, _dir: string, host: string): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, host);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** @returns the processes that it and its children have started, as far as they are alive (Linux). */
function descendantsOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const pids = children.split(' ').filter(Boolean).map(Number);
    return pids.flatMap(child => [child, ...descendantsOf(child)]);
  } catch {
    return [];
  }
}
