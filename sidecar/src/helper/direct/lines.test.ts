import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { linesOf } from './lines.ts';
import { readMessage } from './messages.ts';

it('takes lines, however they arrive, and leaves the rest in the stream', async () => {
  const stream = new PassThrough();
  const lines = linesOf(stream);
  stream.write('{"a"');
  setImmediate(() => stream.end(':1}\nsecond\nthe archive\n…'));
  expect(await lines.next()).toBe('{"a":1}');
  expect(await lines.next()).toBe('second');
  expect(await text(stream)).toBe('the archive\n…');
});

it('ends with the stream, and at a line that has no end', async () => {
  const ended = new PassThrough();
  ended.end('no line');
  expect(await linesOf(ended).next()).toBeUndefined();
  const endless = new PassThrough();
  for (let at = 0; at < 40; at += 1) endless.write('x'.repeat(1024));
  expect(await linesOf(endless).next()).toBeUndefined();
});

const sum = `${'A'.repeat(43)}=`;
it.each<[string, string, boolean]>([
  ['a question', `{"type":"want","number":1,"bytes":5,"sha256":"${sum}"}`, true],
  ['a part beyond the last', `{"type":"want","number":10001,"bytes":5,"sha256":"${sum}"}`, false],
  ['another checksum', '{"type":"want","number":1,"bytes":5,"sha256":"x\\r\\nHost: y"}', false],
  ['another key', '{"type":"sent","number":1,"url":"x"}', false],
  ['another type', '{"type":"complete"}', false],
  ['no JSON', 'nkvm: working', false],
])('a message of the pod is read strictly: %s', (_, line, isRead) => {
  expect(readMessage(line) !== undefined).toBe(isRead);
});
