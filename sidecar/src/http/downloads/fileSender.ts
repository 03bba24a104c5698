import type { FastifyReply } from 'fastify';
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Subject } from '../../cluster/gateway/access.ts';
import { textOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { Refusal } from '../entry/problems.ts';
import type { StreamLimits } from '../streams/streamLimits.ts';
import { streamPlaces } from '../streams/streamLimits.ts';
import { LOOK_AGAIN_MS } from '../streams/whileAllowed.ts';
import { attachment } from './fileName.ts';

/** A file that is sent to a browser. */
export interface SentFile {
  fileName: string;
  /** Null: not known before. */
  bytes: number | null;
  open(): Promise<Readable>;
  /** Another try, when the first one failed before its first byte. @throws the error */
  again?(error: unknown): Promise<Readable>;
  /** @throws when the API server did not say. */
  mayRead(): Promise<boolean>;
}

/** A place among the downloads that may run at once. */
export interface Place {
  giveBack(): void;
}

/** Sends files, counts them, and looks again whether they may go on. */
export interface FileSender {
  /** @throws Refusal (429) */
  takePlace(caller: Subject): Place;
  /**
   * Sends a file; the place is given back at its end. A file that cannot be read to its end breaks the connection, so that
   * nobody takes a part for the whole.
   * @throws what `open` throws before the first byte was sent; then the reply is still there for the problem
   */
  send(reply: FastifyReply, place: Place, file: SentFile): Promise<void>;
  endAll(): void;
}

export interface FileSenderOptions {
  log: Pick<Log, 'warn'>;
  limits?: StreamLimits;
  lookAgainMs?: number;
  /** A client that takes nothing for so long is gone. */
  stuckMs?: number;
}

/** Each unpacks and perhaps packs: more would slow down the backups. */
const DOWNLOAD_LIMITS: StreamLimits = { perToken: 4, perUser: 6, total: 8 };

export function fileSender({
  log,
  limits = DOWNLOAD_LIMITS,
  lookAgainMs = LOOK_AGAIN_MS,
  stuckMs = 60_000,
}: FileSenderOptions): FileSender {
  const takePlace = streamPlaces(limits, tooMany);
  const all = new Set<AbortController>();

  return {
    takePlace: caller => ({ giveBack: takePlace(caller) }),

    async send(reply, place, file) {
      const body = await firstBytes(file);
      const stop = new AbortController();
      all.add(stop);
      const { bytes } = file;
      const out = reply.raw;
      reply.hijack();
      out.writeHead(200, headersOf(file));
      const look = setInterval(async () => {
        const mayGoOn = await file.mayRead().catch(() => false);
        if (!mayGoOn) stop.abort(new Error('the right to read the archive has ended'));
      }, lookAgainMs);
      let sent = 0;
      let sentBefore = -1;
      /** Kept until it is sure that nothing follows: a file that has grown must not look complete. */
      let last: Buffer | undefined;
      const counted = new Transform({
        transform(chunk: Buffer, _encoding, pass) {
          sent += chunk.length;
          // Bytes after the announced end would be taken for the next answer on this connection.
          if (bytes !== null && sent > bytes) return pass(wrongLength(bytes));
          const ready = last;
          last = chunk;
          pass(null, ready);
        },
        flush(pass) {
          if (bytes !== null && sent !== bytes) return pass(wrongLength(bytes));
          pass(null, last);
        },
      });
      const stuck = setInterval(() => {
        if (sent === sentBefore && out.writableNeedDrain)
          stop.abort(new Error('the client takes nothing'));
        sentBefore = sent;
      }, stuckMs);
      // Not awaited: the answer belongs to the stream from here on.
      void pipeline(body, counted, out, { signal: stop.signal })
        .catch(error => {
          out.destroy();
          const why = textOf(stop.signal.aborted ? stop.signal.reason : error);
          log.warn({ sent }, `a download was interrupted after ${sent} bytes: ${why}`);
        })
        .finally(() => {
          clearInterval(look);
          clearInterval(stuck);
          all.delete(stop);
          place.giveBack();
        });
    },

    endAll() {
      for (const stop of all) stop.abort(new Error('NKVM is stopping'));
    },
  };
}

function headersOf({ fileName, bytes }: SentFile): Record<string, string | number> {
  return {
    'content-type': 'application/octet-stream',
    'content-disposition': attachment(fileName),
    ...(bytes !== null && { 'content-length': bytes }),
    'cache-control': 'no-store',
    // The contents come from writers of the volume and are not trusted: no browser may take them for a page of this site.
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'accept-ranges': 'none',
    'x-accel-buffering': 'no',
  };
}

/** @returns the body when its first bytes, or its end, are there. */
async function firstBytes(file: SentFile): Promise<Readable> {
  const body = await file.open();
  try {
    return await begun(body);
  } catch (error) {
    body.destroy();
    if (!file.again) throw error;
    return await begun(await file.again(error));
  }
}

const begun = (body: Readable): Promise<Readable> =>
  new Promise((resolve, reject) => {
    // It stays: a failure may come before the pipeline listens, which sees it all the same.
    body.on('error', reject);
    body.once('readable', () => resolve(body));
    body.once('end', () => resolve(body));
  });

const wrongLength = (bytes: number): Error => new Error(`it does not have ${bytes} bytes any more`);

const tooMany = (most: number, whose: string): Refusal =>
  new Refusal(
    429,
    'TooManyDownloads',
    `${most} downloads are running ${whose}, and no more are allowed`,
    'wait until one of them has ended'
  );
