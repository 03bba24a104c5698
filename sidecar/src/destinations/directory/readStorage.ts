import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline, Transform } from 'node:stream';
import { text } from 'node:stream/consumers';
import { killGroup } from '../../programs.ts';
import type { ReadFrom, StoredBytes } from '../destination.ts';

/**
 * Biggest piece in which an archive is read. Node frees pieces by their number rather than their size: with 256 KiB it is
 * no faster, and eight archives at once take 50 MiB more. (A child's output comes in pieces of 64 KiB as well.)
 */
export const READ_BYTES = 64 * 1024;

/**
 * Reads a file with O_DIRECT, past the page cache, and tells on descriptor 3 how many bytes the process had the kernel
 * fetch from storage before and after. Some file systems take O_DIRECT and answer from memory (tmpfs since Linux 6.6, ZFS
 * before 2.3), so only that count proves it. A shell counts what its finished children fetched; the first `dd` brings the
 * program itself into memory.
 */
const SCRIPT = `
export LC_ALL=C
fetched() { while read -r name value; do [ "$name" = read_bytes: ] && echo "$value" >&3; done </proc/$$/io; }
dd if=/dev/null status=none
fetched 2>/dev/null
dd if="$1" iflag=direct bs=1M status=none || exit 1
fetched 2>/dev/null
exit 0
`;

/** Messages of `dd` for the errors that are distinguished. */
const CODES: Record<string, string> = {
  'Input/output error': 'EIO',
  'Stale file handle': 'ESTALE',
  'Connection timed out': 'ETIMEDOUT',
  'Permission denied': 'EACCES',
};

/**
 * Reads a file from the storage itself where file system and tools can do that, else as usual.
 * @param toError makes an error of the caller's kind from that of a system call
 * @throws what `toError` made
 */
export async function readStorage(
  path: string,
  toError: (error: unknown) => Error,
  signal?: AbortSignal
): Promise<StoredBytes> {
  signal?.throwIfAborted();
  const direct = await readDirect(path, toError, signal);
  if (direct) return direct;
  try {
    const file = await fs.open(path, 'r');
    return { body: file.createReadStream({ highWaterMark: READ_BYTES }), readFrom: () => 'cache' };
  } catch (error) {
    throw toError(error);
  }
}

/** @returns undefined when not one byte can be read that way. */
async function readDirect(
  path: string,
  toError: (error: unknown) => Error,
  signal?: AbortSignal
): Promise<StoredBytes | undefined> {
  // In a group of its own, so that shell and `dd` can be ended together.
  const child = spawn('sh', ['-c', SCRIPT, 'sh', path], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const [, stdout, stderr, counts] = child.stdio as unknown as [null, Readable, Readable, Readable];
  const end = () => {
    killGroup(child, 'SIGKILL');
    for (const stream of [stdout, stderr, counts]) stream.destroy();
  };
  const exited = new Promise<{ code: number | null }>(resolve => {
    child.once('error', () => resolve({ code: null }));
    child.once('close', code => resolve({ code }));
  });
  const words = text(stderr).catch(() => '');
  const fetched = text(counts).catch(() => '');
  signal?.addEventListener('abort', end, { once: true });
  void exited.then(() => signal?.removeEventListener('abort', end));

  const hasBytes = await Promise.race([
    new Promise<boolean>(resolve =>
      stdout.once('readable', () => resolve(stdout.readableLength > 0))
    ),
    exited.then(({ code }) => code === 0),
  ]);
  signal?.throwIfAborted();
  if (!hasBytes && (await exited).code !== 0) {
    const error = systemError(await words);
    if (error.code !== undefined) throw toError(error); // the storage answered, and said no
    return undefined;
  }

  let bytes = 0;
  let readFrom: ReadFrom = 'cache';
  const body = new Transform({
    readableHighWaterMark: READ_BYTES,
    writableHighWaterMark: READ_BYTES,
    transform(chunk: Buffer, _encoding, pass) {
      bytes += chunk.length;
      pass(null, chunk);
    },
    // The end of the pipe is not the end of the file: `dd` may have failed in the middle.
    flush(done) {
      Promise.all([exited, words, fetched]).then(([{ code }, said, numbers]) => {
        if (code !== 0) return done(toError(systemError(said)));
        const [before, after] = numbers.split('\n').map(Number);
        if ((after || 0) - (before || 0) >= bytes) readFrom = 'storage';
        done();
      }, done);
    },
  });
  pipeline(stdout, body, end);
  return { body, readFrom: () => readFrom };
}

function systemError(said: string): Error & { code: string | undefined } {
  const message = said.trim().split('\n').at(-1) || 'dd ended without a message';
  const code = Object.entries(CODES).find(([words]) => message.endsWith(words))?.[1];
  return Object.assign(new Error(message), { code });
}
