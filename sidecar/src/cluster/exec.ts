import type { KubeConfig } from '@kubernetes/client-node';
import { Readable } from 'node:stream';
import { WebSocket } from 'ws';

/** Where a command runs. */
export interface ExecTarget {
  namespace: string;
  pod: string;
  container: string;
}

/** A command that runs in a container. */
export interface RunningCommand {
  /**
   * What the command writes. Ends only when the API server has sent the command's exit status; breaks with an
   * `ExecBroken` when the connection ends without one. Reading slowly slows the command down.
   */
  readonly stdout: Readable;
  /** The command's exit code. Rejects with `ExecBroken` when nobody told it. */
  readonly exit: Promise<number>;
  /** @returns the last 4 KiB of what the command wrote to its standard error. */
  stderrTail(): string;
  /** Closes the connection; `stdout` and `exit` then fail with `ExecBroken`. */
  abort(): void;
}

/** The connection to a command ended, or never began, without an exit status. */
export class ExecBroken extends Error {
  /** HTTP status with which the API server refused; `undefined` when the connection broke. */
  readonly status: number | undefined;
  constructor(message: string, status?: number) {
    super(message);
    this.name = 'ExecBroken';
    this.status = status;
  }
}

export interface ExecOptions {
  /** A connection that is silent for this long, pings included, is given up. */
  silenceMs?: number;
}

/** Channels of the Kubernetes remotecommand protocol (k8s.io/apimachinery/pkg/util/remotecommand). */
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

const STDERR_TAIL_BYTES = 4096;
const HANDSHAKE_MS = 30_000;

/**
 * Runs a command in a container.
 *
 * client-node's own Exec is not used: it has no backpressure (1 GiB into a slow reader took 1.6 GB of memory), does
 * not tell a dropped connection from the end of the command, does not encode names, and on a close frame of protocol
 * v5 ends this process's own standard output.
 *
 * @throws ExecBroken when the API server refuses or cannot be reached.
 */
export async function execInPod(
  kubeConfig: KubeConfig,
  target: ExecTarget,
  command: readonly string[],
  { silenceMs = 30_000 }: ExecOptions = {}
): Promise<RunningCommand> {
  const socket = await open(kubeConfig, target, command);
  const exit = Promise.withResolvers<number>();
  exit.promise.catch(() => undefined); // whoever reads only stdout learns it from there
  let exitCode: number | undefined;
  let stderr = Buffer.alloc(0);
  let paused = false;
  let lastSign = Date.now();

  const stdout = new Readable({
    highWaterMark: 1024 * 1024,
    read() {
      if (!paused) return;
      paused = false;
      lastSign = Date.now(); // while paused, no answer to a ping could be seen
      socket.resume();
    },
    destroy(error, done) {
      socket.terminate();
      done(error);
    },
  });

  stdout.on('error', () => undefined); // and whoever gave the command up reads nothing at all

  const fail = (message: string): void => {
    const error = new ExecBroken(message);
    exit.reject(error);
    stdout.destroy(error);
  };

  socket.on('message', (data: Buffer) => {
    lastSign = Date.now();
    const payload = data.subarray(1);
    switch (data[0]) {
      case STDOUT:
        if (payload.length > 0 && !stdout.push(payload) && !stdout.destroyed) {
          paused = true;
          socket.pause();
        }
        break;
      case STDERR:
        stderr = Buffer.concat([stderr, payload]).subarray(-STDERR_TAIL_BYTES);
        break;
      case STATUS:
        exitCode = exitCodeOf(payload.toString('utf8'));
        if (exitCode === undefined) fail(`the command's status cannot be read: ${payload}`);
        break;
      // The other channels say only that a stream was closed; the status says all that matters here.
    }
  });
  socket.on('pong', () => (lastSign = Date.now()));
  socket.on('error', error => fail(`the connection to ${nameOf(target)} broke: ${error.message}`));
  socket.on('close', code => {
    clearInterval(heartbeat);
    if (exitCode === undefined) {
      return fail(
        `the connection to ${nameOf(target)} ended without an exit status (code ${code})`
      );
    }
    stdout.push(null);
    exit.resolve(exitCode);
  });

  const heartbeat = setInterval(() => {
    if (paused) return;
    if (Date.now() - lastSign > silenceMs) {
      fail(`the connection to ${nameOf(target)} was silent for ${silenceMs / 1000} s`);
    } else socket.ping();
  }, silenceMs / 4);

  socket.resume();
  return {
    stdout,
    exit: exit.promise,
    stderrTail: () => stderr.toString('utf8'),
    abort: () => fail(`the connection to ${nameOf(target)} was closed by NKVM`),
  };
}

/**
 * Runs a command that says little.
 * @returns what it wrote and its exit code. @throws ExecBroken as `execInPod`, or when it writes more than `limitBytes`.
 */
export async function execToEnd(
  kubeConfig: KubeConfig,
  target: ExecTarget,
  command: readonly string[],
  { timeoutMs, limitBytes = 1024 * 1024 }: { timeoutMs: number; limitBytes?: number }
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const running = await execInPod(kubeConfig, target, command);
  const timer = setTimeout(() => running.abort(), timeoutMs);
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of running.stdout as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limitBytes)
        throw new ExecBroken(`the command wrote more than ${limitBytes} bytes`);
      chunks.push(chunk);
    }
    const exitCode = await running.exit;
    return {
      exitCode,
      stdout: Buffer.concat(chunks).toString('utf8'),
      stderr: running.stderrTail(),
    };
  } finally {
    clearTimeout(timer);
  }
}

const nameOf = ({ namespace, pod }: ExecTarget): string => `pod ${namespace}/${pod}`;

/** Opens the WebSocket, paused. The API server's refusal comes with its own words. */
async function open(
  kubeConfig: KubeConfig,
  target: ExecTarget,
  command: readonly string[]
): Promise<WebSocket> {
  const server = kubeConfig.getCurrentCluster()?.server;
  if (!server) throw new ExecBroken('the kubeconfig names no cluster');
  const path = ['namespaces', target.namespace, 'pods', target.pod]
    .map(encodeURIComponent)
    .join('/');
  const url = new URL(`${server.replace(/\/$/, '').replace(/^http/, 'ws')}/api/v1/${path}/exec`);
  url.search = new URLSearchParams([
    ['container', target.container],
    ['stdout', 'true'],
    ['stderr', 'true'],
    ...command.map((word): [string, string] => ['command', word]),
  ]).toString();
  const options: WebSocket.ClientOptions = {};
  await kubeConfig.applyToHTTPSOptions(options);
  const socket = new WebSocket(url, PROTOCOLS, {
    ...options,
    handshakeTimeout: HANDSHAKE_MS,
    perMessageDeflate: false,
  });
  return await new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.pause(); // what comes with the handshake must find its listeners
      socket.off('error', refuse);
      resolve(socket);
    });
    socket.on('unexpected-response', (_request, answer) => {
      let body = '';
      answer.on('data', chunk => (body = (body + chunk).slice(0, 4096)));
      answer.on('end', () => {
        const message = messageOf(body) ?? `HTTP ${answer.statusCode}`;
        socket.terminate();
        reject(
          new ExecBroken(`exec into ${nameOf(target)} was refused: ${message}`, answer.statusCode)
        );
      });
    });
    const refuse = (error: Error) =>
      reject(new ExecBroken(`exec into ${nameOf(target)} could not begin: ${error.message}`));
    socket.on('error', refuse);
  });
}

/** @returns the `message` of a Status object of Kubernetes. */
function messageOf(body: string): string | undefined {
  try {
    return JSON.parse(body).message;
  } catch {
    return undefined;
  }
}

/**
 * Reads the frame on the status channel: `{"status":"Success"}`, or a Failure whose details carry the exit code.
 * @returns undefined when the frame does not tell one, e.g. because the container runtime failed.
 */
export function exitCodeOf(frame: string): number | undefined {
  try {
    const { status, reason, details } = JSON.parse(frame);
    if (status === 'Success') return 0;
    if (reason !== 'NonZeroExitCode') return undefined;
    const cause = details?.causes?.find((each: { reason?: string }) => each.reason === 'ExitCode');
    const code = Number(cause?.message);
    return Number.isInteger(code) ? code : undefined;
  } catch {
    return undefined;
  }
}
