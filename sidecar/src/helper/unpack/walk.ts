import { textOfPath } from '../../archive/entryPath.ts';
import { StageError, textOf } from '../../errors.ts';
import type { Helper } from '../helper.ts';
import { VOLUME_PATH } from '../names.ts';
import { program } from '../program.ts';

/** Something in a volume. */
export interface WalkedEntry {
  /** See `ArchivePath`; never empty: the root is not told. */
  path: string;
  /** `mount`: a directory where another file system is mounted, in which nobody looks. */
  type: 'file' | 'directory' | 'symlink' | 'fifo' | 'character' | 'block' | 'mount' | 'other';
  /** Of a file; 0 for all others. */
  bytes: number;
  seconds: number;
  nanoseconds: number;
}

export interface WalkOptions {
  /** The walk ends after this time, with what it has found. */
  limitMs: number;
  signal: AbortSignal;
}

const TYPES: Record<string, WalkedEntry['type']> = {
  f: 'file',
  d: 'directory',
  l: 'symlink',
  p: 'fifo',
  c: 'character',
  b: 'block',
  m: 'mount',
};

/** The path is last in a record, because it may hold any byte but NUL. Names do not pass through a locale. */
const WALK = program('walk.sh', '#', 'unpack');

/** Longest record: PATH_MAX, and more for trees that are deeper. */
const MOST_RECORD_BYTES = 1024 * 1024;

/**
 * Lists what is in a volume, in no order, without reading it.
 * @param onEntry gets each entry; slow callers slow the walk down
 * @returns `isComplete` only when all was seen: not after the limit, nor when a directory could not be read.
 * @throws StageError (stage `exec`) when the helper cannot tell at all.
 */
export async function walkVolume(
  helper: Helper,
  { limitMs, signal }: WalkOptions,
  onEntry: (entry: WalkedEntry) => void
): Promise<{ isComplete: boolean }> {
  signal.throwIfAborted();
  const running = await helper.exec(['sh', '-c', WALK, 'nkvm-walk', VOLUME_PATH]);
  running.exit.catch(() => undefined);
  let isOver = false;
  const stop = (): void => running.abort();
  const timer = setTimeout(() => {
    isOver = true;
    stop();
  }, limitMs);
  signal.addEventListener('abort', stop);
  try {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of running.stdout as AsyncIterable<Buffer>) {
      if (isOver) break;
      rest = takeRecords(Buffer.concat([rest, chunk]), onEntry);
      if (rest.length > MOST_RECORD_BYTES) throw new Error('a name has no end');
    }
    if (isOver) return { isComplete: false };
    const exitCode = await running.exit;
    return { isComplete: exitCode === 0 && rest.length === 0 };
  } catch (error) {
    signal.throwIfAborted();
    if (isOver) return { isComplete: false };
    throw new StageError(
      'exec',
      'VolumeUnreadable',
      `helper pod ${helper.namespace}/${helper.pod} cannot list the volume: ${textOf(error)}`,
      'nothing to do: NKVM tries again; if it happens again, check the storage',
      'transient',
      { cause: error }
    );
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** @returns what is left of a record that is not complete. */
function takeRecords(bytes: Buffer, onEntry: (entry: WalkedEntry) => void): Buffer {
  let from = 0;
  for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, from)) {
    onEntry(entryOf(bytes.subarray(from, end)));
    from = end + 1;
  }
  return bytes.subarray(from);
}

function entryOf(record: Buffer): WalkedEntry {
  const typeEnd = record.indexOf(' ');
  const sizeEnd = record.indexOf(' ', typeEnd + 1);
  const timeEnd = record.indexOf(' ', sizeEnd + 1);
  const type = TYPES[record.toString('latin1', 0, typeEnd)] ?? 'other';
  const [seconds = '0', fraction = ''] = record.toString('latin1', sizeEnd + 1, timeEnd).split('.');
  return {
    path: textOfPath(record.subarray(timeEnd + 1)),
    type,
    bytes: type === 'file' ? Number(record.toString('latin1', typeEnd + 1, sizeEnd)) : 0,
    // Nanoseconds count forwards before 1970, too: find writes 1.5 s before as -2.5.
    seconds: Number(seconds),
    nanoseconds: Number(fraction.slice(0, 9).padEnd(9, '0')),
  };
}
