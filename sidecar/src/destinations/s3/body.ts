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
  let waiting: NodeJS.Timeout | undefined;
  const broke = (text: string) =>
    new StageError(
      'checksum',
      'ConnectionBroke',
      `destination ${where.name}: ${where.host} ${text} of ${key}`,
      'see the log of the server; it is tried again',
      'transient'
    );
  const stalled = () =>
    body.destroy(
      new StageError(
        'checksum',
        'DestinationStalled',
        `destination ${where.name}: ${where.host} sent no byte of ${key} for ${stallMs / 1000} s`,
        'check the server and the network between NKVM and it; it is tried again',
        'transient'
      )
    );
  const wait = () => {
    clearTimeout(waiting);
    waiting = setTimeout(stalled, stallMs).unref();
  };
  const out = new Transform({
    highWaterMark: 256 * 1024,
    transform(chunk: Buffer, _encoding, pass) {
      seen += chunk.length;
      pass(null, chunk);
      if (out.readableLength < out.readableHighWaterMark) wait();
      else clearTimeout(waiting);
    },
    flush(pass) {
      clearTimeout(waiting);
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
  wait();
  pipeline(source, out, () => clearTimeout(waiting));
  return out;
}
