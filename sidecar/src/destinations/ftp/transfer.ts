import type { FTPResponse } from 'basic-ftp';
import { FTPError } from 'basic-ftp';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { StageError } from '../../errors.ts';
import { within } from '../../within.ts';
import type { DataConnection } from './dataConnection.ts';
import { openData } from './dataConnection.ts';
import type { Session, SessionCall } from './session.ts';
import { ANSWER_MS } from './session.ts';
import { locationOf } from './settings.ts';
import { sizeOf } from './size.ts';

/** Bytes of one write. A server that takes none of it within the limit is one that has stalled. */
const PIECE = 64 * 1024;

/** How long a server may take to notice that a data connection was closed on purpose. */
const BREAK_MS = 2_000;

export interface TransferCall extends SessionCall {
  /** How long the server may take no byte, or give none, or not say that it has all. */
  stallMs: number;
}

export interface DownloadCall extends TransferCall {
  /** Where it begins, in bytes. */
  from?: number;
  /** It ends after so many bytes. */
  limit?: number;
  /** How many bytes there are from there to its end, where that is known. With fewer it has broken off. */
  expected?: number;
}

/** A data connection whose command the server has accepted. */
interface Running extends DataConnection {
  /** The last answer, after the data. It may come before the last byte. Nobody has to look at it. */
  done: Promise<FTPResponse>;
}

/** Sends a command that moves data. @throws FTPError when the server refuses it; the session is usable then */
async function begin(session: Session, command: string, call: TransferCall): Promise<Running> {
  const { ftp } = session.client;
  const data = await openData(session, call);
  const started = Promise.withResolvers<void>();
  const done: Promise<FTPResponse> = ftp.handle(command, (reply, task) => {
    if (reply instanceof Error) task.reject(reply);
    else if (reply.code < 200) {
      ftp.socket.setTimeout(0); // it is idle for as long as data flows
      started.resolve();
    } else if (reply.code < 300) task.resolve(reply);
    else ftp.closeWithError(new Error(`unexpected answer ${reply.code}`));
  });
  done.catch(() => undefined);
  try {
    await Promise.race([started.promise, done]);
    return { ...data, done };
  } catch (error) {
    data.socket.destroy();
    throw error;
  }
}

/** Waits for the last answer. The session is closed when it does not come. */
async function ended(
  session: Session,
  done: Promise<FTPResponse>,
  limitMs: number
): Promise<FTPResponse> {
  const limit = new AbortController();
  try {
    return await Promise.race([
      done,
      pause(limitMs, undefined, { signal: limit.signal }).then(() => {
        session.client.close();
        throw Object.assign(new Error('no answer after the data'), { code: 'ETIMEDOUT' });
      }),
    ]);
  } finally {
    limit.abort();
  }
}

/** Closes the data connection on purpose. Afterwards the session is usable, or closed. */
async function breakOff(session: Session, { socket, done }: Running): Promise<void> {
  socket.destroy();
  await ended(session, done, BREAK_MS).catch(() => undefined);
}

/** The body of an upload has failed, and not the server. */
export class BrokenBody extends Error {}

/**
 * Stores `body` under a name.
 * @param onChunk sees every chunk before it is sent
 * @returns how many bytes were sent; the server has said that it has them
 * @throws BrokenBody (its cause is what `body` failed with), FTPError, StageError, the signal's reason. The session is
 *   usable then, or closed.
 */
export async function upload(
  session: Session,
  name: string,
  body: Readable,
  call: TransferCall,
  onChunk: (chunk: Uint8Array) => void
): Promise<number> {
  const running = await begin(session, `STOR ${name}`, call);
  const { socket, isReady, done } = running;
  const broken = new AbortController();
  const { signal } = broken;
  const stop = () => {
    broken.abort(call.signal?.reason);
    body.destroy();
  };
  call.signal?.addEventListener('abort', stop, { once: true });
  // The server may say that its disk is full, and close: then no request waits for it to take more.
  socket.once('error', error => broken.abort(error));
  socket.once('close', () => broken.abort(connectionClosed()));
  const watch = watchFor(call.stallMs, () => broken.abort(stalled(session, call, 'takes')));
  let bytes = 0;
  let isAtBody = false;
  try {
    if (call.signal?.aborted) stop();
    socket.resume(); // with a ticket of TLS unread, closing would be a reset
    await within(signal, isReady);
    watch.waits(false);
    isAtBody = true;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      isAtBody = false;
      signal.throwIfAborted();
      onChunk(chunk);
      for (let at = 0; at < chunk.length; at += PIECE) {
        const piece = chunk.length <= PIECE ? chunk : chunk.subarray(at, at + PIECE);
        bytes += piece.length;
        if (socket.write(piece)) continue;
        watch.waits(true);
        await once(socket, 'drain', { signal });
        watch.waits(false);
      }
      isAtBody = true;
    }
    isAtBody = false;
    watch.waits(true);
    socket.end();
    await ended(session, done, call.stallMs).catch(async error => {
      // vsftpd takes the end of a TLS connection that carried nothing for a broken one (426). Nothing is what it has.
      const isEmpty = bytes === 0 && error instanceof FTPError && error.code === 426;
      if (!isEmpty || (await sizeOf(session, name)) !== 0) throw error;
    });
    return bytes;
  } catch (error) {
    call.signal?.throwIfAborted();
    if (isAtBody) throw new BrokenBody('the body has failed', { cause: error });
    const cause = signal.aborted ? signal.reason : error;
    throw cause instanceof StageError ? cause : await explained(done, cause);
  } finally {
    watch.stop();
    call.signal?.removeEventListener('abort', stop);
    await breakOff(session, running);
  }
}

/**
 * Opens a file, or a listing.
 * @param command e.g. `RETR name`
 * @param fail puts an error in words, for whoever reads
 * @param release is called when the body has ended, was destroyed or has failed
 * @throws FTPError, StageError: then `release` is not called
 */
export async function download(
  session: Session,
  command: string,
  { from = 0, limit = Infinity, expected, ...call }: DownloadCall,
  fail: (error: unknown) => Error,
  release: () => void
): Promise<Readable> {
  if (from > 0) await session.client.send(`REST ${from}`);
  const running = await begin(session, command, call);
  const { socket, isReady, done } = running;
  let isOver = false;
  let isWhole = false;
  const stop = () => socket.destroy();
  call.signal?.addEventListener('abort', stop, { once: true });
  const over = async () => {
    if (isOver) return;
    isOver = true;
    call.signal?.removeEventListener('abort', stop);
    if (!isWhole) await breakOff(session, running);
    release();
  };

  async function* bytes() {
    let left = limit;
    let bytes = 0;
    try {
      if (call.signal?.aborted) stop();
      await isReady;
      socket.setTimeout(call.stallMs, () => socket.destroy(stalled(session, call, 'gives')));
      if (left > 0)
        for await (const chunk of socket as AsyncIterable<Buffer>) {
          socket.setTimeout(0);
          const piece = chunk.length > left ? chunk.subarray(0, left) : chunk;
          left -= piece.length;
          bytes += piece.length;
          yield piece;
          if (left === 0) break;
          socket.setTimeout(call.stallMs);
        }
      if (left === 0) return;
      const { message } = await ended(session, done, ANSWER_MS);
      if (SAYS_FAILED.test(message)) throw new Error(`the server says ${message}`);
      if (expected !== undefined && bytes < Math.min(expected, limit)) throw connectionClosed();
      isWhole = true;
    } catch (error) {
      call.signal?.throwIfAborted();
      throw fail(error instanceof StageError ? error : await explained(done, error));
    } finally {
      await over();
    }
  }
  const body = Readable.from(bytes(), { objectMode: false, highWaterMark: PIECE });
  // Destroyed before its first byte, a generator does not run to its `finally`.
  body.once('close', () => void over());
  return body;
}

const connectionClosed = () => Object.assign(new Error('closed'), { code: 'ECONNRESET' });

/** vsftpd: "226 Transfer done (but failed to open directory)." */
const SAYS_FAILED = /fail|denied|cannot|could not|unable/i;

/** The server's message explains more than a connection that is closed. */
const explained = (done: Promise<unknown>, error: unknown): Promise<unknown> =>
  Promise.race([
    done.then(
      () => error,
      said => said
    ),
    pause(BREAK_MS, error),
  ]);

/** Calls `late` when a wait takes longer than the limit. */
function watchFor(limitMs: number, late: () => void) {
  let since: number | undefined = performance.now();
  const timer = setInterval(() => {
    if (since !== undefined && performance.now() - since >= limitMs) late();
  }, Math.max(10, Math.min(limitMs / 4, 1_000))).unref();
  return {
    waits: (isWaiting: boolean) => (since = isWaiting ? performance.now() : undefined),
    stop: () => clearInterval(timer),
  };
}

const stalled = (session: Session, { stage, stallMs }: TransferCall, verb: string): StageError =>
  new StageError(
    stage,
    'DestinationStalled',
    `destination ${locationOf(session.settings)} ${verb} no byte for ${stallMs / 1000} s`,
    'see what keeps the server or the network busy; NKVM tries again',
    'transient'
  );
