import { Readable } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { Link, SshCall } from './connection.ts';
import { BodyBroke } from './sftpWrite.ts';
import type { Said } from './shell.ts';

/**
 * Sends a body to a command that reads it.
 * @param ended what the command said when it ended, which it does early when it fails
 * @returns how many bytes were sent. The command may still fail.
 * @throws BodyBroke, or StageError when the connection breaks
 */
export async function sendBody(
  { link, channel }: { link: Link; channel: ClientChannel },
  body: Readable,
  call: SshCall,
  ended: Promise<Said>,
  onChunk: (chunk: Buffer) => void
): Promise<number> {
  let sent = 0;
  let hasEnded = false;
  const stop = () => body.destroy();
  const early = () => {
    hasEnded = true;
    body.destroy();
  };
  ended.then(early, early);
  call.signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (hasEnded) break;
      onChunk(chunk);
      sent += chunk.length;
      if (channel.write(chunk)) continue;
      const drained = link.call<void>(call, done => channel.once('drain', () => done(undefined)));
      drained.catch(() => undefined);
      await Promise.race([drained, ended]);
    }
  } catch (error) {
    call.signal?.throwIfAborted();
    if (!hasEnded) throw new BodyBroke('the sender broke off', { cause: error });
  } finally {
    call.signal?.removeEventListener('abort', stop);
  }
  call.signal?.throwIfAborted();
  return sent;
}

export interface Receiving {
  link: Link;
  channel: ClientChannel;
  call: SshCall;
  /** Its promise is settled when the command has ended. */
  ended: Promise<Said>;
  /** @returns how many bytes follow, from the size that comes first. */
  expect(bytes: number): number;
  /** @returns an error for a command that returned fewer bytes. */
  toError(received: number, said: Said): Error;
  onEnd(): void;
}

/**
 * Reads what a command gives: a line `nkvm:SIZE`, then bytes.
 * @returns the bytes, once the line has come
 * @throws what `toError` makes of a command that ends before that
 */
export async function receive(receiving: Receiving): Promise<Readable> {
  const { ended, expect, toError } = receiving;
  const chunks = readChannel(receiving);
  let head = Buffer.alloc(0);
  for (;;) {
    const at = head.indexOf(10);
    if (at >= 0) {
      const size = /^nkvm:\s*(\d+)\s*$/.exec(head.toString('latin1', 0, at))?.[1];
      if (size === undefined) break;
      const rest = head.subarray(at + 1);
      return Readable.from(counted(receiving, chunks, rest, expect(Number(size))), {
        objectMode: false,
        highWaterMark: 64 * 1024,
      });
    }
    const { value, done } = await chunks.next();
    if (done || head.length > 4096) break;
    head = Buffer.concat([head, value]);
  }
  await chunks.return(undefined);
  receiving.onEnd();
  throw toError(0, { ...(await ended), stdout: head.toString('utf8') });
}

async function* counted(
  { ended, toError, onEnd }: Receiving,
  chunks: AsyncGenerator<Buffer>,
  first: Buffer,
  expected: number
): AsyncGenerator<Buffer> {
  let received = first.length;
  try {
    if (first.length > 0) yield first;
    for await (const chunk of chunks) {
      received += chunk.length;
      yield chunk;
    }
    const said = await ended;
    if (received !== expected || said.code !== 0) throw toError(received, said);
  } finally {
    await chunks.return(undefined);
    onEnd();
  }
}

const EVENTS = ['readable', 'end', 'close'];

/** Reads what a command gives, and ends the channel when its reader stops. */
export async function* readChannel({
  link,
  channel,
  call,
}: Pick<Receiving, 'link' | 'channel' | 'call'>): AsyncGenerator<Buffer> {
  let isOver = false;
  let go = (): void => undefined;
  const off = () => EVENTS.forEach(name => channel.off(name, go));
  const over = () => (isOver = true);
  channel.once('end', over).once('close', over);
  try {
    for (;;) {
      const chunk = channel.read() as Buffer | null;
      if (chunk !== null) yield chunk;
      else if (isOver) return;
      else
        await link.call<void>(call, done => {
          go = () => {
            off();
            done(undefined);
          };
          EVENTS.forEach(name => channel.once(name, go));
        });
    }
  } finally {
    off();
    channel.close();
    // It says that it has closed only when all was read.
    setImmediate(() => channel.resume());
  }
}
