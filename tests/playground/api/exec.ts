import type { Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import { badRequest, Failure } from '../store/failure.ts';
import type { Pod } from '../store/object.ts';
import { containerOf } from './containerOf.ts';
import type { Command, CommandEnd, NodeAgent } from './nodeAgent.ts';

/** Channels of the remotecommand protocol (k8s.io/apimachinery/pkg/util/remotecommand). */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
/** `[255, channel]`: the client closes that channel; since v5. */
const CLOSE = 255;

export const EXEC_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** A command that is ready to be connected. */
export interface PreparedExec {
  words: string[];
  command: Command;
  streams: { stdin: boolean; stdout: boolean; stderr: boolean };
}

/** Starts the command. @throws Failure with which the request is refused instead of being upgraded. */
export function prepareExec(nodes: NodeAgent, pod: Pod, query: URLSearchParams): PreparedExec {
  const container = containerOf(pod, query.get('container'));
  if (!pod.spec.nodeName) {
    throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  }
  const wants = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
  const streams = { stdin: wants('stdin'), stdout: wants('stdout'), stderr: wants('stderr') };
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    throw new Failure(400, '', 'you must specify at least 1 of stdin, stdout, stderr');
  }
  const words = query.getAll('command');
  const command = nodes.exec(pod, container, words, { tty: wants('tty') });
  // The real one passes on the words of the kubelet, which are not a Status either.
  if (!command) throw new PlainRefusal(500, `container not found ("${container}")`);
  return { words, command, streams };
}

/** A refusal whose body is plain text. */
export class PlainRefusal extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.name = 'PlainRefusal';
    this.code = code;
  }
}

/**
 * Connects a command to a WebSocket until it ends. A client that reads slowly slows the command down, and a command
 * that reads slowly the client.
 */
export async function connectExec(socket: WebSocket, exec: PreparedExec): Promise<void> {
  const { command, streams, words } = exec;
  takeStdin(socket, command, streams.stdin);
  socket.on('close', () => {
    // As on a node: the process gets no signal, but its pipes are closed.
    command.stdin.destroy();
    command.stdout.destroy();
    command.stderr.destroy();
  });
  await send(socket, STDOUT, Buffer.alloc(0));
  await Promise.all([
    copy(command.stdout, socket, streams.stdout ? STDOUT : undefined),
    copy(command.stderr, socket, streams.stderr ? STDERR : undefined),
  ]);
  const status = statusOf(await command.end, words, socket.protocol);
  await send(socket, STATUS, Buffer.from(JSON.stringify(status)));
  socket.close(1000);
}

function takeStdin(socket: WebSocket, { stdin }: Command, isWanted: boolean): void {
  stdin.on('error', () => undefined); // the command has closed it, or has ended
  stdin.on('drain', () => socket.resume());
  if (!isWanted) stdin.end();
  socket.on('message', (data: Buffer) => {
    if (data[0] === CLOSE && data[1] === STDIN) {
      stdin.end();
      socket.resume(); // a stream that was ended does not say 'drain' any more
    }
    if (data[0] !== STDIN || !isWanted || stdin.writableEnded || stdin.destroyed) return;
    if (!stdin.write(data.subarray(1))) socket.pause();
  });
}

async function copy(from: Readable, socket: WebSocket, channel: number | undefined): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if (channel !== undefined) await send(socket, channel, chunk);
    }
  } catch {
    // The client has gone, and with it the reader of this stream.
  }
}

/** Resolves when the bytes have left for the client. */
const send = (socket: WebSocket, channel: number, data: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const frame = Buffer.concat([Buffer.from([channel]), data]);
    socket.send(frame, error => (error ? reject(error) : resolve()));
  });

/** What goes over the status channel at the end. */
function statusOf(end: CommandEnd, words: readonly string[], protocol: string): object {
  if ('failure' in end) {
    const message = `Internal error occurred: error executing command in container: ${end.failure}`;
    return {
      metadata: {},
      status: 'Failure',
      message: `Internal error occurred: ${message}`,
      reason: 'InternalError',
      details: { causes: [{ message }] },
      code: 500,
    };
  }
  if (end.exitCode === 0) return { metadata: {}, status: 'Success' };
  const why =
    protocol === 'v5.channel.k8s.io'
      ? `command terminated with exit code ${end.exitCode}`
      : `error executing command [${words.join(' ')}], exit code ${end.exitCode}`;
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${why}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: `${end.exitCode}` }] },
  };
}
