import { Readable } from 'node:stream';
import type { ByteRange } from '../destination.ts';
import type { SftpSession } from './sftpSession.ts';

/** Bytes that are asked for ahead of the reader. */
const WINDOW_BYTES = 2 * 1024 * 1024;

export interface Reading {
  session: SftpSession;
  handle: Buffer;
  /** Of the file. */
  bytes: number;
  range?: ByteRange | undefined;
  signal?: AbortSignal | undefined;
  /** Called once, when nothing more is read. */
  onEnd(): void;
  /** @returns an error in words of what the server answered, or of a file that ends before its size. */
  toError(error: unknown): Promise<Error>;
}

/** Reads a file that is open, several requests ahead, in order. */
export function readAhead(reading: Reading): Readable {
  return Readable.from(pieces(reading), { objectMode: false, highWaterMark: 64 * 1024 });
}

async function* pieces(reading: Reading): AsyncGenerator<Buffer> {
  const { session, handle, bytes, range, signal, onEnd, toError } = reading;
  const from = Math.min(range?.start ?? 0, bytes);
  const to = Math.min((range?.end ?? Infinity) + 1, bytes);
  const size = session.maxReadBytes;
  const ahead: Promise<Buffer>[] = [];
  let next = from;
  try {
    while (next < to || ahead.length > 0) {
      while (next < to && ahead.length * size < WINDOW_BYTES) {
        const asked = readWhole(session, handle, next, Math.min(size, to - next), signal);
        asked.catch(() => undefined); // it is awaited in its turn
        ahead.push(asked);
        next += size;
      }
      yield await ahead.shift()!;
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw await toError(error);
  } finally {
    onEnd();
  }
}

/** A server may answer with less than it was asked for; only nothing at all is the end. */
async function readWhole(
  session: SftpSession,
  handle: Buffer,
  position: number,
  length: number,
  signal?: AbortSignal
): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let read = 0;
  while (read < length) {
    const count = await session.ask<number>({ stage: 'checksum', signal }, (sftp, done) =>
      sftp.read(handle, buffer, read, length - read, position + read, done)
    );
    if (count === 0) throw new EndedEarly(position + read);
    read += count;
  }
  return buffer;
}

/** The file has fewer bytes than its size, or the server does not give all of them. */
export class EndedEarly extends Error {
  readonly bytes: number;

  constructor(bytes: number) {
    super(`it ended after ${bytes} bytes`);
    this.bytes = bytes;
  }
}
