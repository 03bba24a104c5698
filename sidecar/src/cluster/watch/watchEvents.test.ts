import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { watchEvents } from './watchEvents.ts';

const line = (type: string, name: string) => `${JSON.stringify({ type, object: { name } })}\n`;

async function read(...chunks: (string | Buffer)[]): Promise<string[]> {
  const seen: string[] = [];
  try {
    for await (const { type, object } of watchEvents<{ name: string }>(
      Readable.from(chunks, { objectMode: false })
    )) {
      seen.push(`${type} ${object.name}`);
    }
  } catch (error) {
    seen.push(`${error}`);
  }
  return seen;
}

const added = Buffer.from(line('ADDED', 'grün'));
const splitInsideLetter = added.indexOf(0xbc);

it.each<[string, (string | Buffer)[], string[]]>([
  ['gives one event a line', [line('ADDED', 'a') + line('DELETED', 'b')], ['ADDED a', 'DELETED b']],
  [
    'joins a line that comes in pieces',
    ['{"type":"ADD', 'ED","object":{"na', 'me":"a"}}\n'],
    ['ADDED a'],
  ],
  [
    'joins a letter that comes in pieces',
    [added.subarray(0, splitInsideLetter), added.subarray(splitInsideLetter)],
    ['ADDED grün'],
  ],
  ['leaves out a last line that was cut off', [line('ADDED', 'a'), '{"type":"ADD'], ['ADDED a']],
  ['leaves out a last line without its newline', [line('ADDED', 'a').trimEnd()], []],
  ['skips empty lines', ['\n\n', line('ADDED', 'a')], ['ADDED a']],
  [
    'ends with the words of the server at an event of type ERROR',
    [
      line('ADDED', 'a'),
      '{"type":"ERROR","object":{"code":410,"message":"too old"}}\n',
      line('ADDED', 'b'),
    ],
    ['ADDED a', 'ApiFailure: too old'],
  ],
])('%s', async (_, chunks, events) => expect(await read(...chunks)).toEqual(events));

it('throws at a line that is not JSON', async () => {
  expect((await read(line('ADDED', 'a'), '<html>\n'))[1]).toMatch(/^SyntaxError/);
});
