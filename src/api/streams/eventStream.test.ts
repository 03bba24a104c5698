import { expect, it } from 'vitest';
import { readEvents, type ServerEvent } from './eventStream';

const bytes = (text: string) => new TextEncoder().encode(text);

function streamOf(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      chunks.forEach(chunk => controller.enqueue(chunk));
      controller.close();
    },
  });
}

async function all(...chunks: Uint8Array[]): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of readEvents(streamOf(...chunks))) events.push(event);
  return events;
}

const a = { event: 'backup', data: '{"a":1}' };
const b = { event: 'backup', data: '{"b":2}' };

it.each<[string, string[], ServerEvent[]]>([
  ['one message', ['event: backup\ndata: {"a":1}\n\n'], [a]],
  ['two in one chunk', ['event: backup\ndata: {"a":1}\n\nevent:backup\ndata:{"b":2}\n\n'], [a, b]],
  ['one in many chunks', ['event: ba', 'ckup\nda', 'ta: {"a"', ':1}\n', '\n'], [a]],
  [
    'lines that end in CR LF, cut between them',
    ['event: backup\r', '\ndata: {"a":1}\r\n\r\n'],
    [a],
  ],
  ['data of several lines', ['data: 1\ndata: 2\n\n'], [{ event: 'message', data: '1\n2' }]],
  [
    'a ping between messages',
    [': ping\n\n', 'event: backup\ndata: {"a":1}\n\n'],
    [{ event: '', data: 'ping' }, a],
  ],
  [
    'nothing of a message that is cut off',
    ['event: backup\ndata: {"a":1}\n\nevent: backup\ndata: {"b'],
    [a],
  ],
])('reads %s', async (_, chunks, expected) => {
  expect(await all(...chunks.map(bytes))).toEqual(expected);
});

it('reads a character that two chunks share', async () => {
  const whole = bytes('data: ü\n\n');
  const events = await all(whole.slice(0, 7), whole.slice(7));
  expect(events).toEqual([{ event: 'message', data: 'ü' }]);
});

it('ends the request when the reader stops', async () => {
  let isCancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: controller => controller.enqueue(bytes('data: 1\n\n')),
    cancel: () => void (isCancelled = true),
  });
  for await (const event of readEvents(endless)) if (event.data === '1') break;
  expect(isCancelled).toBe(true);
});
