import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { firstBlocks } from '../../testing/archive/firstBlocks.ts';

const read = (name: string): Buffer => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));

it('names the first block of each entry, which is that of its pax header', () => {
  const lines = read('tar-lines.txt').toString('latin1').trimEnd().split('\n');
  const named = lines.map(line => Number(/^block (\d+): /.exec(line)?.[1]));
  expect(named).toEqual(firstBlocks(read('tar-lines.tar')));
  expect(named).toHaveLength(51);
});
