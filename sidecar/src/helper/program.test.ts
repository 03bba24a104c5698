import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOMS = ['.', 'pack', 'unpack'];

/** All starts of Node in what helper pods run, as `FILE: how`. */
const starts = ROOMS.flatMap(room =>
  readdirSync(join(import.meta.dirname, room))
    .filter(file => /\.(sh|ts)$/.test(file) && !file.endsWith('.test.ts'))
    .flatMap(file => {
      const text = readFileSync(join(import.meta.dirname, room, file), 'utf8');
      return [...text.matchAll(/(?<![\w/.-])\$?node [-"$][^\n]{0,40}/g)].map(
        ([how]) => `${file}: ${how}`
      );
    })
);

it('every program of a helper pod runs without threads of V8, with which it may never end', () => {
  expect(starts.length).toBeGreaterThan(8);
  const withThreads = starts.filter(how => !/: (\$node |node --single-threaded\b)/.test(how));
  expect(withThreads).toEqual([]);
});
