import type { Readable } from 'node:stream';
import type { Stage } from '../../../api/index.ts';
import { inPieces } from '../common/pieces.ts';
import type { SshCall } from './connection.ts';
import type { SftpSession } from './sftpSession.ts';

/**
 * Bytes that may be under way without an answer. A window of OpenSSH has 2 MiB: with less than that, the connection waits for
 * each round trip; more only takes memory.
 */
const WINDOW_BYTES = 2 * 1024 * 1024;

/** A failure of the sender, told apart from one of the server. */
export class BodyBroke extends Error {}

/**
 * Writes a body to a file that is open, many requests at a time, each as big as the server takes. The order of their answers says nothing, so that it is done
 * only when all have been answered.
 * @param onChunk called with each chunk, in order
 * @param onStored called with the number of bytes that the server has taken so far
 * @returns how many bytes there were
 * @throws BodyBroke with the cause, or what the server answered to the first request that failed
 */
export async function writeWindowed(
  session: SftpSession,
  handle: Buffer,
  body: Readable,
  { stage, signal }: { stage: Stage; signal?: AbortSignal | undefined },
  onChunk: (chunk: Buffer) => void,
  onStored: (bytes: number) => void
): Promise<number> {
  const call: SshCall = { stage };
  const underWay = new Set<Promise<void>>();
  let position = 0;
  let inFlight = 0;
  let stored = 0;
  let failure: { error: unknown } | undefined;
  let room = Promise.withResolvers<void>();
  const wake = () => {
    room.resolve();
    room = Promise.withResolvers();
  };
  const stop = () => {
    body.destroy(); // it may wait for its sender for long
    wake();
  };
  signal?.addEventListener('abort', stop, { once: true });

  const write = (chunk: Buffer) => {
    const at = position;
    position += chunk.length;
    inFlight += chunk.length;
    const writing = session
      // ssh2 copies it into the request at once
      .ask<unknown>(call, (sftp, done) => sftp.write(handle, chunk, 0, chunk.length, at, done))
      .then(() => onStored((stored += chunk.length)))
      .catch(error => {
        failure ??= { error };
        body.destroy();
      })
      .finally(() => {
        inFlight -= chunk.length;
        underWay.delete(writing);
        wake();
      });
    underWay.add(writing);
  };
  const check = () => {
    if (failure) throw failure.error;
    signal?.throwIfAborted();
  };

  try {
    for await (const piece of inPieces(readBody(body, check), session.maxWriteBytes)) {
      onChunk(piece);
      while (inFlight >= WINDOW_BYTES) {
        check();
        await room.promise;
      }
      check();
      write(piece);
    }
    check();
    while (underWay.size > 0) {
      await room.promise;
      check();
    }
    check();
    return position;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function* readBody(body: Readable, check: () => void): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield chunk as Buffer;
  } catch (error) {
    check(); // it was ended because the server had failed, or by the caller
    throw new BodyBroke('the sender broke off', { cause: error });
  }
}
