import type { Readable } from 'node:stream';
import { pipeline, Transform } from 'node:stream';
import { pipeline as untilDone } from 'node:stream/promises';
import type { Digest } from '../archive/digest.ts';
import { hashAndCount } from '../archive/digest.ts';
import { gunzipping } from '../archive/gunzip.ts';
import { BadTar } from '../archive/tar/header.ts';
import type { ScannedTar } from '../archive/tar/scanTar.ts';
import { scanTar } from '../archive/tar/scanTar.ts';
import type { Staged } from '../destinations/destination.ts';
import { StageError, textOf } from '../errors.ts';

/** A client that sends nothing, or next to nothing, for so long is gone, or keeps a place and space for nothing. */
const SILENCE_MS = 60_000;
/** In that time: 1 KiB a second. An ending may be shorter. */
const LEAST_BYTES = 60 * 1024;

/** @returns the body, which fails when it has more bytes than it may, or stands (almost) still. */
export function limitedBody(
  source: Readable,
  mostBytes: number,
  refusal: () => StageError,
  silenceMs = SILENCE_MS,
  leastBytes = LEAST_BYTES
): { body: Readable; digest(): Digest } {
  let bytes = 0;
  let before = 0;
  const timer = setInterval(() => {
    if (bytes - before < leastBytes) stage.destroy(stalled(silenceMs, bytes - before));
    before = bytes;
  }, silenceMs);
  const stage = new Transform({
    transform(chunk: Buffer, _encoding, pass) {
      bytes += chunk.length;
      pass(bytes > mostBytes ? refusal() : null, chunk);
    },
    flush(pass) {
      clearInterval(timer);
      pass();
    },
  });
  const counting = hashAndCount();
  // A failure ends the last stream, which is the one that is read.
  const body = pipeline(source, stage, counting, () => clearInterval(timer));
  return { body, digest: () => counting.digest() };
}

/**
 * Reads a staged upload from the storage, and unpacks it.
 * @param sent what arrived
 * @returns what it holds
 * @throws StageError (stage `checksum`): `UploadBroken`, or `DigestDiffers` when the storage gives back something else
 */
export async function checkedUpload(
  key: string,
  staged: Staged,
  sent: Digest,
  signal?: AbortSignal
): Promise<Digest & Pick<ScannedTar, 'files' | 'rawBytes'>> {
  const { body } = await staged.readBack({ signal });
  const counting = hashAndCount();
  const gunzip = gunzipping();
  let isArchive = true;
  gunzip.once('error', () => (isArchive = false));
  let scanned: ScannedTar | undefined;
  try {
    await untilDone(
      body,
      counting,
      gunzip,
      async (tar: AsyncIterable<Buffer>) => {
        scanned = await scanTar(tar, () => undefined);
      },
      { signal }
    );
  } catch (error) {
    if (signal?.aborted || error instanceof StageError) throw error;
    if (!isArchive || error instanceof BadTar) throw notAnArchive(textOf(error), error);
    throw error;
  }
  if (!scanned || scanned.files === 0) throw notAnArchive('it has no entries');
  if (scanned.hasTrailingBytes) throw notAnArchive('data follow its end');
  const { bytes, sha256 } = counting.digest();
  if (bytes !== sent.bytes || sha256 !== sent.sha256) throw differs(key);
  return { bytes, sha256, files: scanned.files, rawBytes: scanned.rawBytes };
}

const notAnArchive = (why: string, cause?: unknown) =>
  new StageError(
    'checksum',
    'UploadBroken',
    `the upload is not a complete .tar.gz: ${why}`,
    'upload a file that was made with tar and gzip; `tar -tzf FILE` lists it to its end',
    'needs-action',
    { cause }
  );

const differs = (key: string) =>
  new StageError(
    'checksum',
    'DigestDiffers',
    `the destination returns other bytes of ${key} than were uploaded`,
    'upload it again; if it happens again, check the storage',
    'transient'
  );

const stalled = (ms: number, bytes: number) =>
  new StageError(
    'copy',
    'UploadStalled',
    bytes === 0
      ? `no data of the upload arrived for ${ms / 1000} s`
      : `${bytes} bytes of the upload arrived in ${ms / 1000} s, which is too slow`,
    'upload it again',
    'transient'
  );
