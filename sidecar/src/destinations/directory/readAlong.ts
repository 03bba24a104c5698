import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { hashAndCount } from '../../archive/digest.ts';
import type { ReadAlong } from '../destination.ts';

const MiB = 1024 * 1024;
/** So many new bytes are brought to the storage and read back at a time. */
const ROUND_BYTES = 64 * MiB;
const LOOK_MS = 100;

/**
 * Reads numbers of MiB from its input. For each, it brings that much of a file to the storage (`sync`), and reads what it has not
 * read yet past the page cache; at the end of its input, the rest of the file. Descriptor 3 gets what its finished children
 * had the kernel fetch, before and after: see readStorage.ts. Its exit code is 0 only when all was read.
 */
const SCRIPT = `
export LC_ALL=C
fetched() { while read -r name value; do [ "$name" = read_bytes: ] && echo "$value" >&3; done </proc/$$/io; }
{ dd if=/dev/null status=none && sync --data "$1"; } || exit 1
fetched 2>/dev/null
at=0
while read -r upto; do
  sync --data "$1" && dd if="$1" iflag=direct bs=1M skip="$at" count="$((upto - at))" status=none </dev/null || exit 1
  at=$upto
done
dd if="$1" iflag=direct bs=1M skip="$at" status=none || exit 1
fetched 2>/dev/null
exit 0
`;

/** Reads a file back from the storage while it is written. */
export interface AlongReader {
  /** @param written bytes of the file that the writer has given to the kernel so far */
  follow(written: () => number): void;
  /**
   * To be called when all of the file is on disk.
   * @returns undefined for a file of less than a round, and where it could not be read this way: then nothing is known
   */
  end(): Promise<ReadAlong | undefined>;
  /** Ends it before. May be called twice, and after `end`. */
  stop(): void;
}

/** Each part of the file is read back as soon as it is on disk, so that little is left to read when the writer ends. */
export function alongReader(path: string, roundBytes = ROUND_BYTES): AlongReader {
  let timer: NodeJS.Timeout | undefined;
  let rounds: Rounds | undefined;
  let asked = 0;
  return {
    follow(written) {
      timer = setInterval(() => {
        const now = written();
        if (now - asked < roundBytes) return;
        asked = now;
        rounds ??= roundsOf(path);
        rounds.read(now);
      }, LOOK_MS).unref();
    },
    async end() {
      clearInterval(timer);
      return await rounds?.end();
    },
    stop() {
      clearInterval(timer);
      rounds?.stop();
    },
  };
}

interface Rounds extends Pick<AlongReader, 'end' | 'stop'> {
  /** Reads so many bytes from the beginning, rounded down to MiB, but what it has read already. */
  read(upTo: number): void;
}

function roundsOf(path: string): Rounds {
  // In a group of its own, so that shell and `dd` can be ended together.
  const child = spawn('sh', ['-c', SCRIPT, 'sh', path], {
    stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
    detached: true,
  });
  const [stdin, stdout, , counts] = child.stdio as unknown as [Writable, Readable, null, Readable];
  const exited = new Promise<number | null>(resolve => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  stdin.on('error', () => undefined); // its exit code says that it has ended
  const fetched = text(counts).catch(() => '');
  const counter = hashAndCount();
  const drain = async (pieces: AsyncIterable<unknown>): Promise<void> => {
    for await (const piece of pieces) void piece;
  };
  const isRead = pipeline(stdout, counter, drain).then(
    () => true,
    () => false
  );
  return {
    read: upTo => void stdin.write(`${Math.floor(upTo / MiB)}\n`),
    async end() {
      stdin.end();
      const [code, isWhole, numbers] = await Promise.all([exited, isRead, fetched]);
      if (code !== 0 || !isWhole) return undefined;
      const [before, after] = numbers.split('\n').map(Number);
      const digest = counter.digest();
      const isFetched = (after || 0) - (before || 0) >= digest.bytes;
      return { digest, readFrom: isFetched ? 'storage' : 'cache' };
    },
    stop() {
      if (child.pid === undefined || child.exitCode !== null) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
      for (const stream of [stdin, stdout, counts]) stream.destroy();
    },
  };
}
