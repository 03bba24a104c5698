import type { Readable } from 'node:stream';

/** More than any message has. */
const LONGEST = 16 * 1024;

/** Lines at the beginning of a stream that goes on as something else. */
export interface Lines {
  /** @returns undefined at the end of the stream, and for a line that is too long. @throws what breaks the stream */
  next(): Promise<string | undefined>;
}

/** The bytes after the last line that was taken stay in `stream`. */
export function linesOf(stream: Readable): Lines {
  return {
    async next() {
      const taken: Buffer[] = [];
      for (let length = 0; length <= LONGEST; ) {
        const chunk = await chunkOf(stream);
        if (!chunk) return undefined;
        const end = chunk.indexOf('\n');
        if (end < 0) {
          taken.push(chunk);
          length += chunk.length;
          continue;
        }
        if (end + 1 < chunk.length) stream.unshift(chunk.subarray(end + 1));
        return Buffer.concat([...taken, chunk.subarray(0, end)]).toString('utf8');
      }
      return undefined;
    },
  };
}

/** @returns undefined at the end. */
async function chunkOf(stream: Readable): Promise<Buffer | undefined> {
  for (;;) {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) return chunk;
    if (stream.errored) throw stream.errored;
    if (stream.readableEnded || stream.destroyed) return undefined;
    await new Promise<void>(resolve => {
      const events = ['readable', 'end', 'error', 'close'] as const;
      const wake = (): void => {
        for (const event of events) stream.off(event, wake);
        resolve();
      };
      for (const event of events) stream.on(event, wake);
    });
  }
}
