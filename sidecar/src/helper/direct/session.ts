import type {
  DirectPart,
  DirectSender,
  DirectSent,
  DirectUpload,
  Otherwise,
} from '../../destinations/direct.ts';
import { isOtherwise } from '../../destinations/direct.ts';
import { StageError } from '../../errors.ts';
import { within } from '../../within.ts';
import type { Helper } from '../helper.ts';
import { firstLines } from '../pack/packCommand.ts';
import { program } from '../program.ts';
import type { Delivery, DeliveryOptions } from '../transport.ts';
import { afterwards, EXEC_ROUTE, packingOf } from '../transport.ts';
import type { Lines } from './lines.ts';
import { linesOf } from './lines.ts';
import type { Message } from './messages.ts';
import { readMessage } from './messages.ts';

const DIRECT = program('direct.cjs', '//');

export interface DirectOptions extends DeliveryOptions {
  /** @param bytes that the storage has taken so far */
  onBytes(bytes: number): void;
}

/** An archive whose helper sends it to the storage, or else to us. */
export interface DirectSession extends DirectSender {
  /** `body` has the archive after `send` has said `Otherwise`, and is empty otherwise. */
  delivery: Delivery;
}

/**
 * Starts to pack, with the program that sends the archive to the storage by itself. The terms that it needs, and the signed
 * requests, travel over the input of the command, so that they are neither in the pod's manifest nor in its processes.
 * @throws StageError (stage `exec`)
 */
export async function directSession(
  helper: Helper,
  { onBytes, ...options }: DirectOptions
): Promise<DirectSession> {
  const fed = await helper.feed(...(await packingOf(helper, options, true)));
  fed.exit.catch(() => undefined); // `sent` waits for it
  fed.stdin.on('error', () => undefined); // the end of the output says more
  const lines = linesOf(fed.stdout);
  const delivery: Delivery = {
    body: fed.stdout,
    route: EXEC_ROUTE,
    ...afterwards(helper, fed),
  };
  const tell = (answer: object): void => void fed.stdin.write(`${JSON.stringify(answer)}\n`);
  return {
    delivery,
    async send(terms, upload, signal) {
      const abort = (): void => fed.abort();
      signal?.addEventListener('abort', abort);
      try {
        fed.stdin.write(firstLines(DIRECT, { terms }));
        const sent = await converse({ lines, upload, tell, onBytes, signal });
        if (sent === 'ended') throw await packingEnded(delivery);
        return sent;
      } catch (error) {
        fed.abort();
        signal?.throwIfAborted();
        throw error;
      } finally {
        signal?.removeEventListener('abort', abort);
        fed.stdin.end();
      }
    },
  };
}

interface Conversation {
  lines: Lines;
  upload: DirectUpload;
  tell(answer: object): void;
  onBytes(bytes: number): void;
  signal: AbortSignal | undefined;
}

/** @returns `ended` when the output of the command ended without a message on how. */
async function converse({
  lines,
  upload,
  tell,
  onBytes,
  signal = new AbortController().signal,
}: Conversation): Promise<DirectSent | Otherwise | 'ended'> {
  const asked = new Map<number, DirectPart>();
  const stored = new Set<number>();
  let isBegun = false;
  for (;;) {
    const line = await within(signal, lines.next());
    if (line === undefined) return isBegun ? 'ended' : { otherwise: 'the packing command ended' };
    const message = readMessage(line);
    if (!message) throw notUnderstood();
    switch (message.type) {
      case 'want': {
        const { type: to, ...part } = message;
        asked.set(part.number, part);
        const request = await within(signal, upload.sign(part));
        tell({ to, number: part.number, ...request });
        break;
      }
      case 'sent':
        if (!asked.has(message.number)) throw notUnderstood();
        stored.add(message.number);
        break;
      case 'begun': {
        const part = asked.get(message.number);
        if (!part || !stored.has(message.number)) throw notUnderstood();
        const answer = await within(signal, upload.begun(part));
        isBegun = !isOtherwise(answer);
        if (isBegun) onBytes(part.bytes);
        tell({ to: 'begun', number: part.number, ...answer });
        break;
      }
      case 'progress':
        onBytes(message.bytes);
        break;
      case 'otherwise':
        if (isBegun) throw notUnderstood();
        return { otherwise: message.why };
      case 'failed':
        throw uploadFailed(message);
      case 'end': {
        const parts = [...asked.values()];
        if (!isBegun || parts.length !== message.parts || stored.size !== parts.length)
          throw notUnderstood();
        onBytes(message.stored.bytes);
        return { parts, stored: message.stored, archive: message.archive };
      }
    }
  }
}

/** A killed command ends its output like one that is complete. */
async function packingEnded(delivery: Delivery): Promise<StageError> {
  const { podExit, stderr } = await delivery.sent();
  const isKilled = podExit > 128;
  return new StageError(
    'exec',
    isKilled ? 'PackKilled' : 'PackFailed',
    isKilled
      ? `the packing command was killed by signal ${podExit - 128}`
      : `the packing command ended with exit code ${podExit} before the archive was complete: ${
          stderr.trim().split('\n').at(-1)?.slice(0, 300) || 'it wrote nothing'
        }`,
    'start a new backup; if it happens again, give helpers more memory with NKVM_HELPER_MEMORY_LIMIT',
    'transient'
  );
}

/** The reason of failures after which the next attempt of a run sends its archive another way. */
export const DIRECT_FAILED = 'DirectUploadFailed';

const uploadFailed = ({ status, code, message }: Message & { type: 'failed' }): StageError =>
  new StageError(
    'copy',
    'DirectUploadFailed',
    `the helper pod could not send the archive to the storage: ${[
      ...(status ? [`status ${status}`] : []),
      code,
      message,
    ]
      .filter(Boolean)
      .join(' ')}`,
    'nothing to do: NKVM tries again and sends the archive itself; if all direct uploads fail, check the way from the nodes to the storage, or set NKVM_DIRECT_TRANSFERS to never',
    'transient'
  );

const notUnderstood = (): StageError =>
  new StageError(
    'copy',
    'DirectUploadFailed',
    'the helper pod said something about its upload that NKVM does not understand',
    'start a new backup; if it happens again, use the helper image of this version of NKVM',
    'transient'
  );
