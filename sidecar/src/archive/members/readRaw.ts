import { pipeline } from 'node:stream/promises';
import { StageError, textOf } from '../../errors.ts';
import { gunzipping } from '../gunzip.ts';
import type { RawArchive } from './rawArchive.ts';

/** A storage that gives nothing for so long hangs. */
const SILENCE_MS = 120_000;

/**
 * Reads bytes of the tar inside of an archive. With members only those that hold the bytes are read and unpacked, else
 * everything before them as well; nothing is unpacked that comes after them.
 * @param end after the last byte; Infinity: to the end of the tar
 * @throws StageError (stage `checksum`): `ArchiveUnreadable` when the storage breaks off, `ArchiveBroken` when it is not
 *   gzip, `ArchiveTooShort` when the tar ends before `end`
 */
export async function* readRaw(
  archive: RawArchive,
  start: number,
  end: number,
  signal?: AbortSignal
): AsyncGenerator<Buffer> {
  if (end <= start) return;
  const { destination, key, members } = archive;
  const place = destination.locate(key);
  const { range, rawStart } = rangeOf(archive, start, end);
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const body = await destination.open(key, { ...(members && { range }), signal: either });
  let storageBroke = false;
  body.once('error', () => (storageBroke = true));
  const gunzip = gunzipping();
  // A failure is thrown by `pieces`, too.
  pipeline(body, gunzip, { signal: either }).catch(() => undefined);
  const pieces = gunzip[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let at = rawStart;
  try {
    while (at < end) {
      const { value, done } = await withinSilence(pieces.next(), place);
      signal?.throwIfAborted();
      if (done) {
        if (end === Infinity) return;
        throw tooShort(place);
      }
      const from = Math.max(0, start - at);
      const to = Math.min(value.length, end - at);
      at += value.length;
      if (to > from) yield value.subarray(from, to);
    }
  } catch (error) {
    throw refusal(place, error, storageBroke, signal);
  } finally {
    stop.abort();
  }
}

/** @returns the bytes of the archive that hold bytes of its tar, and what byte of the tar the first of them is. */
function rangeOf({ members, bytes }: RawArchive, start: number, end: number) {
  if (!members) return { range: { start: 0, end: bytes - 1 }, rawStart: 0 };
  const { rawBytes, sizes } = members;
  const first = Math.min(Math.floor(start / rawBytes), sizes.length - 1);
  const last = Math.min(Math.ceil(end / rawBytes), sizes.length);
  const upTo = (count: number) => sizes.slice(0, count).reduce((total, size) => total + size, 0);
  return { range: { start: upTo(first), end: upTo(last) - 1 }, rawStart: first * rawBytes };
}

async function withinSilence<T>(next: Promise<T>, place: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<never>((_resolve, reject) => {
    const refuse = () =>
      reject(
        new StageError(
          'checksum',
          'ArchiveUnreadable',
          `archive ${place} cannot be read: the storage sent nothing for ${SILENCE_MS / 1000} s`,
          'check that the storage answers, then try again',
          'transient'
        )
      );
    timer = setTimeout(refuse, SILENCE_MS);
  });
  try {
    return await Promise.race([next, silent]);
  } finally {
    clearTimeout(timer);
  }
}

/** The tar has fewer bytes than the index says, or a member fewer than its list says. */
const tooShort = (place: string) =>
  new StageError(
    'checksum',
    'ArchiveTooShort',
    `archive ${place} is shorter than its index says`,
    'verify the backup: the archive was truncated, or its index belongs to another archive',
    'unknown'
  );

function refusal(
  place: string,
  error: unknown,
  storageBroke: boolean,
  signal?: AbortSignal
): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof StageError) return error;
  const isGzip = !storageBroke && String((error as { code?: unknown }).code).startsWith('Z_');
  return new StageError(
    'checksum',
    isGzip ? 'ArchiveBroken' : 'ArchiveUnreadable',
    isGzip
      ? `archive ${place} is not a complete .tar.gz: ${textOf(error)}`
      : `archive ${place} cannot be read: ${textOf(error)}`,
    'verify the backup, and check the storage',
    'unknown',
    { cause: error }
  );
}
