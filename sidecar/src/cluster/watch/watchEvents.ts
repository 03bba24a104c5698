import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiFailure, failureOf } from '../gateway/apiFailure.ts';

/** One line of a watch (kubernetes.io/docs/reference/using-api/api-concepts). A bookmark has only a resourceVersion. */
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

export interface ReadWatch {
  /** In characters. etcd keeps no object of more than 1.5 MiB. */
  longestLine?: number;
  /** How fast the body is read, on average after the first second. */
  bytesPerSecond?: number;
}

const LONGEST_LINE = 16 * 1024 * 1024;

/**
 * Reads the lines of a watch until it ends. A last line without its newline was cut off and is left out: the next watch
 * brings it again.
 *
 * @throws ApiFailure for an event of type ERROR and for a line that is too long, SyntaxError for a line that is not JSON, and
 * what the stream throws.
 */
export async function* watchEvents<T>(
  body: Readable,
  { longestLine = LONGEST_LINE, bytesPerSecond = Infinity }: ReadWatch = {}
): AsyncGenerator<WatchEvent<T>, void> {
  /** Of the line that has not ended yet. To join them at each one would take a minute for a line in a million of pieces. */
  let parts: string[] = [];
  let length = 0;
  const pause = pauseAt(bytesPerSecond);
  body.setEncoding('utf8');
  for await (const chunk of body as AsyncIterable<string>) {
    await pause(chunk.length);
    const end = chunk.indexOf('\n');
    parts.push(end < 0 ? chunk : chunk.slice(0, end));
    length += end < 0 ? chunk.length : end;
    if (length > longestLine) throw tooLong(longestLine);
    if (end < 0) continue;
    const lines = [parts.join(''), ...chunk.slice(end + 1).split('\n')];
    const rest = lines.pop() ?? '';
    parts = [rest];
    length = rest.length;
    for (const line of lines) {
      if (line === '') continue;
      const event = JSON.parse(line);
      if (event.type === 'ERROR') {
        const { code: status = 500 } = event.object;
        throw failureOf({ status, body: JSON.stringify({ kind: 'Status', ...event.object }) });
      }
      yield event;
    }
  }
}

const tooLong = (longestLine: number): ApiFailure =>
  new ApiFailure(
    `the API server sent a line of more than ${longestLine / 1024 / 1024} MiB in a watch`,
    { kind: 'invalid', class: 'unknown', status: 410 } // only a list tells where we are
  );

/** A server that floods a watch would take the processor from everyone else: it has to wait. */
function pauseAt(bytesPerSecond: number): (bytes: number) => Promise<void> {
  const beganAt = performance.now();
  let bytes = 0;
  return async more => {
    bytes += more;
    const aheadMs = (bytes / bytesPerSecond) * 1000 - (performance.now() - beganAt);
    if (aheadMs > 1_000) await sleep(Math.min(aheadMs, 5_000));
  };
}
