import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Digest } from '../archive/digest.ts';
import { hashAndCount } from '../archive/digest.ts';
import { StageError, textOf } from '../errors.ts';
import type { Helper } from './helper.ts';
import { WORK_PATH } from './names.ts';
import { HASH, program } from './program.ts';

const RECEIVE = program('receive.sh', '#');

/** A command that gives its standard input to `command`, and then tells what it was; see pack/receive.sh. */
export const receiveCommand = (command: readonly string[]): string[] => [
  'sh',
  '-c',
  RECEIVE,
  'nkvm-receive',
  WORK_PATH,
  HASH,
  ...command,
];

/** What a command in the pod has received. */
export interface ReceivedInPod extends Digest {
  /** Exit code of the command. */
  exitCode: number;
}

/**
 * Sends `body` to a command in a helper pod, in constant memory.
 * @returns what was sent, when the same has arrived and the command has read it to its end with exit code 0.
 * @throws StageError: `SendBroke` when the way to the pod broke, `ReceivedDiffers` when something else arrived,
 *   `ReceiverFailed` when the command failed. The volume may hold a part of it then.
 */
export async function sendTo(
  helper: Helper,
  command: readonly string[],
  body: Readable,
  signal: AbortSignal
): Promise<Digest> {
  const fed = await helper.feed(receiveCommand(command), { signal });
  const counting = hashAndCount();
  const output: Buffer[] = [];
  fed.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const abort = (): void => fed.abort();
  signal.addEventListener('abort', abort);
  let exitCode: number;
  try {
    await pipeline(body, counting, fed.stdin, { signal });
    exitCode = await fed.exit;
  } catch (error) {
    signal.throwIfAborted();
    const command = fed.stderrTail().trim().split('\n').at(-1);
    throw new StageError(
      'copy',
      'SendBroke',
      `the way to helper pod ${helper.namespace}/${helper.pod} broke: ${textOf(error)}${
        command ? `; the command said: ${command}` : ''
      }`,
      'nothing, it is tried again; if it repeats, check the API server and the kubelet of that node',
      'transient',
      { cause: error }
    );
  } finally {
    signal.removeEventListener('abort', abort);
  }
  const sent = counting.digest();
  const received = readReceived(Buffer.concat(output).toString('utf8'));
  if (exitCode !== 0 || (received && received.exitCode !== 0)) {
    throw new StageError(
      'exec',
      'ReceiverFailed',
      `the command in helper pod ${helper.namespace}/${helper.pod} ended with exit code ${
        received?.exitCode ?? exitCode
      }`,
      'see the output of the command',
      'unknown'
    );
  }
  if (received?.bytes !== sent.bytes || received.sha256 !== sent.sha256) {
    throw new StageError(
      'checksum',
      'ReceivedDiffers',
      `${sent.bytes} bytes were sent to helper pod ${helper.namespace}/${helper.pod}, ${
        received?.bytes ?? 'an unknown number'
      } arrived, or others`,
      'the connection to the pod is not reliable; it is tried again',
      'transient'
    );
  }
  return sent;
}

function readReceived(text: string): ReceivedInPod | undefined {
  const [, bytes, sha256 = '', exitCode] = /^(\d+) ([0-9a-f]{64}) (\d+)\n$/.exec(text) ?? [];
  return bytes === undefined
    ? undefined
    : { bytes: Number(bytes), sha256, exitCode: Number(exitCode) };
}
