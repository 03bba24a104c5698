import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { inPieces } from './pieces.ts';

async function cut(chunks: number[], bytes: number): Promise<number[]> {
  let next = 0;
  const sent = chunks.map(length => Buffer.from(Array.from({ length }, () => next++ % 256)));
  const pieces: Buffer[] = [];
  for await (const piece of inPieces(Readable.from(sent), bytes)) pieces.push(Buffer.from(piece));
  expect(Buffer.concat(pieces)).toEqual(Buffer.concat(sent));
  return pieces.map(({ length }) => length);
}

describe('a body in pieces', () => {
  it.each<[string, number[], number[]]>([
    ['joins what is smaller', [3, 3, 3, 3], [10, 2]],
    ['cuts what is bigger', [25], [10, 10, 5]],
    ['goes on in the middle of a chunk', [4, 21, 4], [10, 10, 9]],
    ['keeps what fits', [10, 10], [10, 10]],
    ['leaves out what is empty', [0, 5, 0], [5]],
    ['gives nothing for nothing', [], []],
  ])('%s', async (_, chunks, expected) => {
    expect(await cut(chunks, 10)).toEqual(expected);
  });
});
