import type { CompletedPart } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StageError } from '../../errors.ts';
import { streamBroke } from '../common/refusals.ts';
import type { StageCall } from '../destination.ts';
import type { Bucket } from './bucket.ts';
import { answerOf } from './errors.ts';
import type { Markers } from './markers.ts';
import { compositeOf, customerKeyOf, SHA256, sha256Of, storedWith } from './object.ts';
import { MAX_PARTS, partBytes, partsInFlight } from './partSizes.ts';

/** An archive that was sent to its end, and has no name yet. */
export interface Sent {
  key: string;
  /** Ours, in the metadata of the object. */
  id: string;
  bytes: number;
  /** One that fits into a part waits here: it is sent with its name, in one request. */
  held: Buffer | undefined;
  multipart: Multipart | undefined;
}

/** An upload in parts at the server. */
export interface Multipart {
  uploadId: string;
  /** Name of the small object that says whose it is. */
  marker: string;
  withChecksums: boolean;
  parts: CompletedPart[];
}

/** @returns what S3 has to say of the object; undefined: it was sent without checksums. */
export function checksumOf({ held, multipart }: Sent): string | undefined {
  if (held) return sha256Of(held);
  if (!multipart?.withChecksums) return undefined;
  return compositeOf(multipart.parts.map(({ ChecksumSHA256 }) => ChecksumSHA256 ?? ''));
}

/** How long deleting what is left may take, after the caller has stopped waiting. */
const CLEANUP_MS = 30_000;

/**
 * Sends `body` in parts, a few at once, in constant memory.
 * @throws StageError (stage `copy`). Nothing is left then, or it is left to `sweep`.
 */
export async function send(
  bucket: Bucket,
  markers: Markers,
  key: string,
  body: Readable,
  { signal, expectedBytes }: StageCall = {}
): Promise<Sent> {
  const stop = new AbortController();
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const id = randomUUID();
  const inFlight = new Set<Promise<void>>();
  const free: Buffer[] = [];
  let failure: unknown;
  let multipart: Multipart | undefined;
  let bytes = 0;

  /** Waits until fewer than `limit` parts are on their way. */
  const untilFewer = async (limit: number) => {
    while (inFlight.size >= limit) await Promise.race(inFlight);
    both.throwIfAborted();
  };

  const begin = async (): Promise<Multipart> => {
    const created = await createUpload(bucket, key, id, both);
    // From here on it is known, so that whatever fails next aborts it.
    multipart = { ...created, marker: '', parts: [] };
    const { uploadId } = created;
    multipart.marker = await markers.write({ key, uploadId }, both);
    return multipart;
  };

  const sendPart = async (number: number, part: Buffer): Promise<void> => {
    const upload = multipart ?? (await begin());
    await untilFewer(partsInFlight(part.length));
    const sending = uploadPart(bucket, key, upload, number, part, both)
      .then(done => {
        upload.parts[number - 1] = done;
        free.push(part);
      })
      .catch(error => {
        failure ??= error;
        stop.abort();
      })
      .finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  };

  try {
    let number = 1;
    let filled = 0;
    let part: Buffer | undefined;
    /** @returns a buffer for the next part, one that was sent where that fits. */
    const take = (): Buffer => {
      const size = partBytes(expectedBytes, number);
      const used = free.pop();
      return used && used.buffer.byteLength === size
        ? Buffer.from(used.buffer)
        : Buffer.allocUnsafeSlow(size);
    };
    await pipeline(
      body,
      async function fill(source: AsyncIterable<Uint8Array>) {
        for await (const chunk of source) {
          for (let at = 0; at < chunk.length; ) {
            part ??= take();
            const taken = Math.min(chunk.length - at, part.length - filled);
            part.set(chunk.subarray(at, at + taken), filled);
            at += taken;
            filled += taken;
            if (filled < part.length) continue;
            if (number > MAX_PARTS) throw tooManyParts(key, bytes);
            await sendPart(number, part);
            bytes += filled;
            [part, filled, number] = [undefined, 0, number + 1];
          }
        }
        if (multipart && part) await sendPart(number, part.subarray(0, filled));
        bytes += filled;
        await untilFewer(1);
      },
      { signal: both }
    );
    if (failure) throw failure;
    const held = multipart ? undefined : Buffer.from(part?.subarray(0, filled) ?? []);
    return { key, id, bytes, held, multipart };
  } catch (error) {
    stop.abort();
    body.destroy();
    await Promise.allSettled(inFlight);
    if (multipart) await abortUpload(bucket, markers, key, multipart).catch(() => undefined);
    // A failed request aborts the stream: then it is what went wrong.
    if (failure && !signal?.aborted) throw failure;
    throw streamBroke(key, error, signal);
  }
}

/** @throws StageError */
export async function createUpload(
  bucket: Bucket,
  key: string,
  id: string,
  signal: AbortSignal
): Promise<{ uploadId: string; withChecksums: boolean }> {
  const { client, settings } = bucket;
  let withChecksums = false;
  const attempt = { stage: 'copy', what: `store ${key}`, isWrite: true, signal } as const;
  const create = (withThem: boolean) => {
    withChecksums = withThem;
    return client.raw(attempt, (s3, options) =>
      s3.createMultipartUpload(
        {
          ...bucket.at(key),
          ...storedWith(settings, id, new Date()),
          ...(withThem && { ChecksumAlgorithm: SHA256, ChecksumType: 'COMPOSITE' }),
        },
        options
      )
    );
  };
  const { UploadId } = await bucket.withChecksums(create).catch(error => {
    throw client.wordsOf(error, attempt);
  });
  if (UploadId) return { uploadId: UploadId, withChecksums };
  throw new StageError(
    'copy',
    'DestinationFailed',
    `destination ${client.where.name}: ${client.where.host} began an upload and gave it no id`,
    'use a server that has multipart uploads',
    'needs-action'
  );
}

async function uploadPart(
  bucket: Bucket,
  key: string,
  { uploadId, withChecksums }: Multipart,
  PartNumber: number,
  Body: Buffer,
  signal: AbortSignal
): Promise<CompletedPart> {
  const { client, settings } = bucket;
  const attempt = {
    stage: 'copy',
    what: `store part ${PartNumber} of ${key}`,
    isWrite: true,
    signal,
  } as const;
  const ChecksumSHA256 = withChecksums ? sha256Of(Body) : undefined;
  const { ETag } = await client.call(attempt, (s3, options) =>
    s3.uploadPart(
      {
        ...bucket.at(key),
        ...customerKeyOf(settings),
        UploadId: uploadId,
        PartNumber,
        Body,
        ContentLength: Body.length,
        ...(ChecksumSHA256 && { ChecksumSHA256 }),
      },
      options
    )
  );
  return { PartNumber, ETag, ...(ChecksumSHA256 && { ChecksumSHA256 }) };
}

/** Deletes the parts of an upload, and then what says whose it is. One that is not there any more is no error. */
export async function abortUpload(
  bucket: Bucket,
  markers: Markers,
  key: string,
  { uploadId, marker }: Pick<Multipart, 'uploadId' | 'marker'>
): Promise<void> {
  const signal = AbortSignal.timeout(CLEANUP_MS);
  const attempt = { stage: 'cleanup', what: `abort the upload of ${key}`, isWrite: true } as const;
  try {
    await bucket.client.raw({ ...attempt, signal }, (s3, options) =>
      s3.abortMultipartUpload({ ...bucket.at(key), UploadId: uploadId }, options)
    );
  } catch (error) {
    const { code, status } = answerOf(error) ?? {};
    if (code !== 'NoSuchUpload' && status !== 404)
      throw bucket.client.wordsOf(error, { ...attempt, signal });
  }
  if (marker) await markers.remove(marker);
}

const tooManyParts = (key: string, bytes: number): StageError =>
  new StageError(
    'copy',
    'ArchiveTooBig',
    `archive ${key} is bigger than an upload to S3 can be: ${bytes} bytes fill its 10,000 parts`,
    'use another destination for this volume: it contains far more than its claim says',
    'needs-action'
  );
