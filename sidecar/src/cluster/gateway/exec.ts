import { Readable, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import { visibleLines } from '../../../api/visible.ts';
import { ApiFailure } from './apiFailure.ts';
import { type Gateway, pathOf } from './gateway.ts';

/** Where a command runs. */
export interface ExecTarget {
  namespace: string;
  pod: string;
  container: string;
}

/** A command that runs in a container. */
export interface RunningCommand {
  /**
   * The output of the command. It ends only when the API server has sent the command's exit status; breaks with an
   * `ExecBroken` when the connection ends without one. Reading slowly slows the command down.
   */
  readonly stdout: Readable;
  /** The command's exit code. Rejects with `ExecBroken` when the connection ended without one. */
  readonly exit: Promise<number>;
  /** @returns the last 4 KiB of what the command wrote to its standard error, with nothing that a terminal obeys. */
  stderrTail(): string;
  /** Closes the connection; `stdout` and `exit` then fail with `ExecBroken`. */
  abort(): void;
}

/**
 * A command that reads from NKVM.
 *
 * Bytes that were sent may not arrive: writing through exec can stop short without an error and with exit code 0. So the
 * command itself must count and hash what it reads (see `helper/receive.ts`), and the caller compares.
 */
export interface FedCommand extends RunningCommand {
  /**
   * The input of the command; `end()` ends it. A write is done when the connection has taken it, so that
   * a slow command slows the writer down. It breaks with `ExecBroken` when the command or the connection ends before
   * the end of the input was sent.
   */
  readonly stdin: Writable;
  /** @returns how many bytes the connection has taken. */
  bytesSent(): number;
}

/** The connection to a command ended without an exit status. Nothing tells what the command has done. */
export class ExecBroken extends ApiFailure {
  constructor(message: string) {
    super(message, { kind: 'unreachable', class: 'transient', mayBeDone: true });
    this.name = 'ExecBroken';
  }
}

export interface ExecOptions {
  /**
   * A connection over which nothing has come for this long, not even answers to pings, is closed. Since Kubernetes 1.36
   * the kubelet answers the pings, so this is also how long a kubelet may hang before its commands are given a new
   * connection.
   */
  silenceMs?: number;
  /** Longest time until the command starts; refusals that pass are repeated within it. */
  handshakeMs?: number;
  /** For the handshake only. */
  signal?: AbortSignal | undefined;
  /** Gets what the command writes to its standard error, as it comes. */
  onStderr?: ((text: string) => void) | undefined;
}

export interface FeedOptions extends ExecOptions {
  /**
   * A connection that takes no byte and brings no sign for this long is closed, once more than a few bytes were sent. It is much longer than `silenceMs`,
   * because pings wait behind the data: a command that unpacks onto a slow disk looks like a dead connection.
   */
  stallMs?: number;
}

/** Channels of the Kubernetes remotecommand protocol (k8s.io/apimachinery/pkg/util/remotecommand). */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const CLOSE = 255;
/** Only the newest one can tell the end of the input. */
const WITH_CLOSE = ['v5.channel.k8s.io'];
const PROTOCOLS = [...WITH_CLOSE, 'v4.channel.k8s.io'];

const STDERR_TAIL_BYTES = 4096;
const HANDSHAKE_MS = 30_000;
const SILENCE_MS = 120_000;
/** Pings without an answer after which a connection counts as silent. */
const LOST_PINGS = 8;
const STALL_MS = 10 * 60_000;
/** For output that is still on its way when a command has ended before its input. */
const LAST_OUTPUT_MS = 1_000;
/** So many wait nowhere: a command that was only told something is watched like one that has no input. */
const FEW_BYTES = 256 * 1024;
/** Bytes in one message to the command. */
const MESSAGE_BYTES = 64 * 1024;

/** The part of the gateway that exec uses. */
export type ExecGateway = Pick<Gateway, 'socket'>;

/**
 * Runs a command in a container.
 *
 * client-node's own Exec is not used: it has no backpressure (1 GiB into a slow reader took 1.6 GB of memory), does
 * not tell a dropped connection from the end of the command, does not encode names, and on a close frame of protocol
 * v5 ends this process's own standard output.
 *
 * @throws ApiFailure when the API server refuses the handshake or cannot be reached.
 */
export async function execInPod(
  gateway: ExecGateway,
  target: ExecTarget,
  command: readonly string[],
  { silenceMs = SILENCE_MS, onStderr, ...handshake }: ExecOptions = {}
): Promise<RunningCommand> {
  const socket = await open(gateway, target, command, PROTOCOLS, handshake);
  return run(socket, target, { silenceMs, onStderr });
}

/**
 * Runs a command in a container, and feeds it.
 * @throws ApiFailure as `execInPod`, and when the API server is older than Kubernetes 1.30 and cannot be told the end
 * of the input.
 */
export async function execWithInput(
  gateway: ExecGateway,
  target: ExecTarget,
  command: readonly string[],
  { silenceMs = SILENCE_MS, stallMs = STALL_MS, onStderr, ...handshake }: FeedOptions = {}
): Promise<FedCommand> {
  const socket = await open(gateway, target, command, WITH_CLOSE, handshake);
  const feed = inputOf(socket, target);
  return Object.assign(run(socket, target, { silenceMs, stallMs, feed, onStderr }), {
    stdin: feed.stdin,
    bytesSent: feed.bytesSent,
  });
}

/** The way into a command. */
interface Feed {
  stdin: Writable;
  bytesSent(): number;
  /** The command or the connection has ended. */
  ended(why: string): void;
}

function inputOf(socket: WebSocket, target: ExecTarget): Feed {
  let bytes = 0;
  const send = (message: Buffer): Promise<void> =>
    new Promise((resolve, reject) =>
      socket.send(message, error => {
        if (error)
          return reject(
            new ExecBroken(`${nameOf(target)} does not read its input any more: ${error.message}`)
          );
        resolve();
      })
    );
  const stdin = new Writable({
    highWaterMark: 4 * MESSAGE_BYTES,
    write(chunk: Buffer, _encoding, done) {
      const sendAll = async (): Promise<void> => {
        for (let at = 0; at < chunk.length; at += MESSAGE_BYTES) {
          const piece = chunk.subarray(at, at + MESSAGE_BYTES);
          await send(Buffer.concat([Buffer.of(STDIN), piece]));
          bytes += piece.length;
        }
      };
      sendAll().then(() => done(), done);
    },
    final(done) {
      send(Buffer.of(CLOSE, STDIN)).then(() => done(), done);
    },
  });
  stdin.on('error', () => undefined); // a caller that reads only `exit` learns it from there
  return {
    stdin,
    bytesSent: () => bytes,
    ended(why) {
      if (stdin.writableFinished || stdin.destroyed) return;
      stdin.destroy(
        new ExecBroken(`${why} before its input was complete (${bytes} bytes were sent)`)
      );
    },
  };
}

interface Watched {
  silenceMs: number;
  stallMs?: number;
  feed?: Feed;
  onStderr: ExecOptions['onStderr'];
}

/** Carries the output of a command whose connection is open, and watches over the connection. */
function run(
  socket: WebSocket,
  target: ExecTarget,
  { silenceMs, stallMs = silenceMs, feed, onStderr }: Watched
): RunningCommand {
  const exit = Promise.withResolvers<number>();
  exit.promise.catch(() => undefined); // a caller that reads only stdout learns it from there
  let exitCode: number | undefined;
  let stderr = Buffer.alloc(0);
  let paused = false;
  /** Counts everything that shows that the other end is alive. */
  let signs = 0;

  const stdout = new Readable({
    highWaterMark: 1024 * 1024,
    read() {
      if (!paused) return;
      paused = false;
      socket.resume();
    },
    destroy(error, done) {
      socket.terminate();
      done(error);
    },
  });

  stdout.on('error', () => undefined); // a caller that aborted the command reads nothing at all

  const fail = (message: string): void => {
    const error = new ExecBroken(message);
    exit.reject(error);
    feed?.ended(message);
    stdout.destroy(error);
  };

  socket.on('message', (data: Buffer) => {
    signs += 1;
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
        onStderr?.(payload.toString('utf8'));
        break;
      case STATUS:
        exitCode = exitCodeOf(payload.toString('utf8'));
        if (exitCode === undefined) fail(`the command's status cannot be read: ${payload}`);
        else if (feed && !feed.stdin.writableFinished) {
          feed.ended(`the command in ${nameOf(target)} ended with exit code ${exitCode}`);
          // The other end does not read our reply to its close frame behind data that nobody takes any more.
          setTimeout(() => socket.terminate(), LAST_OUTPUT_MS).unref();
        }
        break;
      // The other channels say only that a stream was closed; the status says all that matters here.
    }
  });
  socket.on('pong', () => (signs += 1));
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

  // Counted in ticks of a timer and not read from a clock: after a pause of this process, or of its whole machine, the
  // timer ticks once, and what arrived meanwhile is read before it ticks again.
  const tickMs = silenceMs / LOST_PINGS;
  let silentTicks = 0;
  let heard = 0;
  const heartbeat = setInterval(() => {
    const now = signs + (feed?.bytesSent() ?? 0);
    silentTicks = paused || now !== heard ? 0 : silentTicks + 1; // while paused, no answer to a ping can be seen
    heard = now;
    const limitMs = feed && feed.bytesSent() > FEW_BYTES ? stallMs : silenceMs;
    if (silentTicks * tickMs >= limitMs) {
      fail(`the connection to ${nameOf(target)} was silent for ${limitMs / 1000} s`);
      return;
    }
    // Data that arrives says enough: a ping to a server that has sent everything and closed makes a proxy drop what it still has.
    // Behind data that is sent, a ping would say nothing.
    if (silentTicks > 0 && socket.bufferedAmount === 0) socket.ping();
  }, tickMs);

  socket.resume();
  return {
    stdout,
    exit: exit.promise,
    stderrTail: () => visibleLines(stderr.toString('utf8')),
    abort: () => fail(`the connection to ${nameOf(target)} was closed by NKVM`),
  };
}

/**
 * Runs a command that writes little.
 * @returns what it wrote and its exit code.
 * @throws ApiFailure as `execInPod`; ExecBroken when the connection breaks or it writes more than `limitBytes`.
 */
export async function execToEnd(
  gateway: ExecGateway,
  target: ExecTarget,
  command: readonly string[],
  {
    timeoutMs,
    limitBytes = 1024 * 1024,
    signal,
  }: { timeoutMs: number; limitBytes?: number; signal?: AbortSignal }
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const running = await execInPod(gateway, target, command, { signal });
  const abort = (): void => running.abort();
  const timer = setTimeout(abort, timeoutMs);
  signal?.addEventListener('abort', abort);
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
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

const nameOf = ({ namespace, pod }: ExecTarget): string => `pod ${namespace}/${pod}`;

/** Opens the WebSocket, paused. The API server's refusal is repeated in its own words. */
async function open(
  gateway: ExecGateway,
  target: ExecTarget,
  command: readonly string[],
  protocols: string[],
  { handshakeMs = HANDSHAKE_MS, signal }: Pick<ExecOptions, 'handshakeMs' | 'signal'>
): Promise<WebSocket> {
  const query: [string, string][] = [
    ...(protocols === WITH_CLOSE ? [['stdin', 'true'] as [string, string]] : []),
    ['container', target.container],
    ['stdout', 'true'],
    ['stderr', 'true'],
    ...command.map((word): [string, string] => ['command', word]),
  ];
  const path = pathOf('/api/v1/namespaces', target.namespace, 'pods', target.pod, 'exec');
  try {
    return await gateway.socket({
      path,
      query,
      protocols,
      signal,
      limitMs: handshakeMs,
      tryMs: handshakeMs,
    });
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    const how = error.status === undefined ? 'could not start' : 'was refused';
    throw new ApiFailure(`exec into ${nameOf(target)} ${how}: ${error.message}`, error, {
      cause: error,
    });
  }
}

/**
 * Reads the frame on the status channel: `{"status":"Success"}`, or a Failure whose details carry the exit code.
 * @returns undefined when the frame has none, e.g. because the container runtime failed.
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
