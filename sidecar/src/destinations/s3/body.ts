import type { Readable } from 'node:stream';
import { pipeline, Transform } from 'node:stream';
import { StageError } from '../../errors.ts';
import { networkError } from '../trust/networkError.ts';
import type { Where } from './errors.ts';

/**
 * Passes on the body of an answer, with errors in words. A body that ends early is one: a proxy on the way may close a
 * connection as if all was said.
 * @param bytes how many were announced
 * @param stallMs how long the server may send nothing while somebody waits for it; a reader may pause for longer
 */
export function guarded(
  body: Readable,
  {
    key,
    bytes,
    where,
    stallMs = 60_000,
  }: { key: string; bytes: number | undefined; where: Where; stallMs?: number }
): Readable {
  let seen = 0;
  let quietHalves = 0;
  const broke = (text: string) =>
    new StageError(
      'checksum',
      'ConnectionBroke',
      `destination ${where.name}: ${where.host} ${text} of ${key}`,
      'see the log of the server; NKVM tries again',
      'transient'
    );
  const stalled = () =>
    body.destroy(
      new StageError(
        'checksum',
        'DestinationStalled',
        `destination ${where.name}: ${where.host} sent no byte of ${key} for ${stallMs / 1000} s`,
        'check the server and the network between NKVM and it; NKVM tries again',
        'transient'
      )
    );
  // A timer for each chunk would cost more than the chunk: two halves of the limit without a byte are the limit.
  const watch = setInterval(() => {
    const isPaused = out.readableLength >= out.readableHighWaterMark;
    quietHalves = isPaused ? 0 : quietHalves + 1;
    if (quietHalves >= 2) stalled();
  }, stallMs / 2).unref();
  const out = new Transform({
    highWaterMark: 64 * 1024,
    transform(chunk: Buffer, _encoding, pass) {
      seen += chunk.length;
      quietHalves = 0;
      pass(null, chunk);
    },
    flush(pass) {
      const isWhole = bytes === undefined || bytes === seen;
      pass(isWhole ? null : broke(`sent only ${seen} of ${bytes} bytes`));
    },
  });
  const inWords = (error: Error) =>
    networkError(error, {
      stage: 'checksum',
      place: where.name,
      host: where.host,
      port: where.port,
    });
  const source = body;
  source.once('error', error => out.destroy(inWords(error)));
  pipeline(source, out, () => clearInterval(watch));
  return out;
}
