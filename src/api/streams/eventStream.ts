/** One message of a stream of server-sent events. A comment, such as a ping, has the event `''`. */
export interface ServerEvent {
  event: string;
  data: string;
}

/**
 * Reads server-sent events (WHATWG HTML, 9.2.6) until the stream ends.
 * The browser's own EventSource cannot send the headers that Headlamp and the sidecar want.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let message: string[] = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return; // A message without its empty line is not whole.
      rest += decoder.decode(value, { stream: true });
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith(':')) yield { event: '', data: line.slice(1).trim() };
        else if (line !== '') message.push(line);
        else if (message.length > 0) {
          yield parse(message);
          message = [];
        }
      }
    }
  } finally {
    // Ends the request where the caller stopped early.
    await reader.cancel().catch(() => undefined);
  }
}

function parse(lines: string[]): ServerEvent {
  const valuesOf = (field: string) =>
    lines
      .filter(line => line.startsWith(`${field}:`))
      .map(line => line.slice(field.length + 1).replace(/^ /, ''));
  return { event: valuesOf('event').at(-1) ?? 'message', data: valuesOf('data').join('\n') };
}
