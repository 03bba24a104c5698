import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { codeOf } from '../../files.ts';
import { assertRoom, newWorkDirectory, workError } from '../common/workFiles.ts';
import type { ByteRange } from '../destination.ts';
import { literal } from './listing.ts';
import type { RsyncCall } from './process.ts';
import { startRsync } from './process.ts';
import { only } from './remote.ts';
import type { RsyncSettings } from './settings.ts';

/** Biggest piece that is read at once. */
const PIECE = 256 * 1024;

/** How often a file is looked at that rsync still writes. */
const EVERY_MS = 10;

export interface Wanted {
  /** Relative to the directory of the archives: `key`, or `temporary/key`. */
  path: string;
  bytes: number;
  range?: ByteRange | undefined;
}

/**
 * Reads a file, or a part of it. rsync writes files and no streams: it is fetched into the work directory, and passed on
 * while it grows there. A part begins where it should: rsync is told that all before it is here already (`--append`), as a
 * hole that takes no room, and is ended when the part is complete.
 *
 * The body fails where rsync does, with a StageError.
 */
export function fetchFile(
  settings: RsyncSettings,
  { path, bytes, range }: Wanted,
  call: RsyncCall
): Readable {
  const start = Math.min(range?.start ?? 0, bytes);
  const end = Math.min(range ? range.end + 1 : bytes, bytes);
  return Readable.from(start < end ? pieces() : [], { objectMode: false, highWaterMark: PIECE });

  async function* pieces(): AsyncGenerator<Buffer> {
    const dir = await newWorkDirectory(call.workDir, call.stage);
    let stop = async (): Promise<unknown> => undefined;
    let file: fs.FileHandle | undefined;
    try {
      await assertRoom(dir, end - start, call.stage);
      const [parent, name = path] = path.includes('/') ? path.split('/') : ['', path];
      const target = join(dir, name);
      if (start > 0) await createHole(target, start);
      const running = await startRsync(
        settings,
        remote => [
          ...['-d', ...(start > 0 ? ['--append'] : ['--whole-file', '--inplace'])],
          ...only([`/${literal(name)}`]),
          ...['--', parent === '' ? `${remote}/` : `${remote}/${parent}/`, `${dir}/`],
        ],
        call
      );
      stop = () => {
        running.end();
        return running.done.catch(() => undefined);
      };
      running.stdout.resume();
      let isOver = false;
      const over = running.done.finally(() => (isOver = true));
      over.catch(() => undefined);
      for (let at = start; at < end; ) {
        const wasOver = isOver;
        file ??= await openIfThere(target);
        const buffer = Buffer.allocUnsafe(Math.min(PIECE, end - at));
        const { bytesRead = 0 } = (await file?.read(buffer, 0, buffer.length, at)) ?? {};
        if (bytesRead > 0) {
          at += bytesRead;
          yield buffer.subarray(0, bytesRead);
        } else if (wasOver) {
          await over;
          throw new Error(`rsync has ended at ${at} of ${end} bytes`);
        } else await Promise.race([over.catch(() => undefined), pause(EVERY_MS)]);
      }
      if (end === bytes) await over; // only then it has said that all is well
    } catch (error) {
      call.signal?.throwIfAborted();
      throw workError(error, call.stage, call.workDir);
    } finally {
      await file?.close();
      await stop(); // it would write into a directory that is gone
      await fs.rm(dir, { recursive: true, force: true });
    }
  }
}

async function createHole(path: string, bytes: number): Promise<void> {
  const file = await fs.open(path, 'wx', 0o600);
  try {
    await file.truncate(bytes);
  } finally {
    await file.close();
  }
}

async function openIfThere(path: string): Promise<fs.FileHandle | undefined> {
  try {
    return await fs.open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
