import type { Readable } from 'node:stream';
import { failureOf } from '../gateway/apiFailure.ts';

/** One line of a watch (kubernetes.io/docs/reference/using-api/api-concepts). A bookmark has only a resourceVersion. */
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

/**
 * Reads the lines of a watch until it ends. A last line without its newline was cut off and is left out: the next watch
 * brings it again.
 *
 * @throws ApiFailure for an event of type ERROR, SyntaxError for a line that is not JSON, and what the stream throws.
 */
export async function* watchEvents<T>(body: Readable): AsyncGenerator<WatchEvent<T>, void> {
  let rest = '';
  body.setEncoding('utf8');
  for await (const chunk of body) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
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
