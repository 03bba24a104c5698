import { Readable } from 'node:stream';
import { StageError, textOf } from '../../errors.ts';
import type { Connection } from './listener.ts';

/** The reason of failures after which the next attempt of a run goes through the API server. */
export const PUSH_BROKE = 'PushBroke';

/** Exit code of the packing command when its connection to NKVM broke (pack/push.cjs). */
const BROKE_THERE = 3;
/** How much later than the connection breaks the command may end. */
const LATE_MS = 5_000;

export interface Received {
  connection: Connection;
  /** Exit code of the packing command; rejects when the connection to the API server broke. */
  exit: Promise<number>;
  /** `namespace/name` of the pod. */
  pod: string;
}

/**
 * The archive that a helper pod pushes. It ends without an error only when the trailers say as many bytes as have arrived, or
 * the packing command has failed: then its exit code tells why. Its end proves nothing: only the seal does.
 */
export function receivedBody({ connection, exit, pod }: Received): Readable {
  const { request, response } = connection;
  async function* read(): AsyncGenerator<Buffer> {
    let bytes = 0;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      const code = await soon(exit);
      if (code !== undefined && code !== 0 && code !== BROKE_THERE) return;
      throw pushBroke(pod, `${textOf(error)} after ${bytes} bytes`, error);
    }
    const said = saidBy(connection)?.bytes;
    if (said !== bytes) {
      response.writeHead(409, { connection: 'close' }).end();
      throw pushBroke(
        pod,
        `${bytes} bytes arrived, and the pod ${
          said === undefined ? 'did not say how many it sent' : `sent ${said}`
        }`
      );
    }
    response.writeHead(200, { connection: 'close' }).end();
  }
  const body = Readable.from(read(), { objectMode: false, highWaterMark: 1024 * 1024 });
  body.on('error', () => undefined); // a caller that has destroyed it reads nothing at all
  // A generator that waits for a byte does not notice that nobody wants it any more.
  body.once('close', () => request.destroy());
  exit.then(
    code => code !== 0 && request.destroy(),
    error => body.destroy(error)
  );
  return body;
}

/** @returns the pod's account of what it sent, when the body has ended; undefined: there is none. */
export function saidBy({
  request: { trailers },
}: Connection): { bytes: number; sha256: string } | undefined {
  const { 'nkvm-bytes': bytes = '', 'nkvm-sha256': sha256 = '' } = trailers;
  if (!/^\d{1,16}$/.test(bytes) || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  return { bytes: Number(bytes), sha256 };
}

/** @returns undefined where it takes too long, or will never be known. */
async function soon(exit: Promise<number>): Promise<number | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(resolve, LATE_MS, undefined);
  });
  return await Promise.race([exit.catch(() => undefined), late]).finally(() => clearTimeout(timer));
}

export const pushBroke = (pod: string, why: string, cause?: unknown): StageError =>
  new StageError(
    'copy',
    'PushBroke',
    `the connection that helper pod ${pod} had opened to NKVM broke: ${why}`,
    'nothing to do: NKVM tries again through the API server; if this happens again, check the network between that node and NKVM, or unset NKVM_PUSH_PORT',
    'transient',
    { cause }
  );
