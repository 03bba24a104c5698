import { describe, expect, it } from 'vitest';
import { indexOfLines, linesFor } from '../../testing/archive/testIndex.ts';
import type { ArchiveIndex } from './archiveIndex.ts';
import type { ListQuery } from './listing.ts';
import { Listing } from './listing.ts';

const LINES = linesFor(
  './',
  './b/',
  ['./b/Report.PDF', 300, '2026-01-03 00:00:00'],
  ['./b/größe.txt', 20, '2026-01-02 00:00:00'],
  ['./a', 10, '2026-01-04 00:00:00.5'],
  ['./c', 10, '2026-01-01 00:00:00'],
  './deep/er/',
  ['./deep/er/report', 5, '2026-01-05 00:00:00']
);

const paths = async (
  index: ArchiveIndex,
  query: Partial<ListQuery> = {},
  from = 0,
  limit = 100
) => {
  const whole: ListQuery = { node: 0, sort: 'name', order: 'asc', ...query };
  const { nodes, total } = await new Listing(index).page(whole, from, limit);
  return { paths: nodes.map(node => index.pathOf(node)), total };
};

describe('a list of entries', () => {
  it('is that of one folder, by name', async () => {
    const index = await indexOfLines(LINES);
    expect(await paths(index)).toEqual({ paths: ['a', 'b', 'c', 'deep'], total: 4 });
    expect(await paths(index, { node: index.nodeOf('b') })).toMatchObject({
      paths: ['b/Report.PDF', 'b/größe.txt'],
    });
    expect(await paths(index, { node: index.nodeOf('a') })).toEqual({ paths: [], total: 0 });
  });

  it.each<[string, Partial<ListQuery>, string[]]>([
    ['by name, backwards', { order: 'desc' }, ['deep', 'c', 'b', 'a']],
    ['by size, equals by name', { sort: 'size' }, ['b', 'deep', 'a', 'c']],
    ['by size, the biggest first', { sort: 'size', order: 'desc' }, ['c', 'a', 'deep', 'b']],
    ['by time, what has none first', { sort: 'time' }, ['deep', 'c', 'a', 'b']],
    ['with a smallest size', { minBytes: 10 }, ['a', 'c']],
    ['with a greatest size', { maxBytes: 9 }, []],
    ['after a time', { after: Date.parse('2026-01-04') / 1000 }, ['a', 'b']],
    ['before a time', { before: Date.parse('2026-01-04T00:00:00.4Z') / 1000 }, ['c']],
  ])('can be %s', async (_, query, expected) => {
    expect(await paths(await indexOfLines(LINES), query)).toMatchObject({ paths: expected });
  });

  it.each<[string, string[]]>([
    ['report', ['b/Report.PDF', 'deep/er/report']],
    ['REPORT.p', ['b/Report.PDF']],
    ['GRÖSSE', []],
    ['grÖß', ['b/größe.txt']],
    ['er', ['deep/er']],
    ['', ['a', 'b', 'b/Report.PDF', 'b/größe.txt', 'c', 'deep', 'deep/er', 'deep/er/report']],
    ['xx', []],
  ])('is a search for %j in all below', async (search, expected) => {
    const found = await paths(await indexOfLines(LINES), { search });
    expect([...found.paths].sort()).toEqual(expected);
    expect(found.total).toBe(expected.length);
  });

  it('searches only below the folder, and never across two names', async () => {
    const index = await indexOfLines(linesFor('x/ab', 'x/cd', 'y/bc', 'bc/q'));
    expect((await paths(index, { search: 'bc' })).paths).toEqual(['y/bc', 'bc']);
    expect((await paths(index, { search: 'bc', node: index.nodeOf('y') })).paths).toEqual(['y/bc']);
    expect((await paths(index, { search: 'q', node: index.nodeOf('y') })).paths).toEqual([]);
  });

  it('searches in what people see of a name', async () => {
    const index = await indexOfLines(linesFor('a\\\\b', 'x\\377y', 'plain'));
    expect((await paths(index, { search: '\\\\' })).paths).toEqual(['a\\\\b']);
    expect((await paths(index, { search: '\\377Y' })).paths).toEqual(['x\\377y']);
  });

  it('comes in pages, which have each entry once', async () => {
    const names = Array.from({ length: 1_000 }, (_, at) => `./dir/f${(at * 7919) % 1_000}`);
    const index = await indexOfLines(linesFor(...names));
    const node = index.nodeOf('dir');
    const listing = new Listing(index);
    for (const sort of ['name', 'size'] as const) {
      const seen: string[] = [];
      for (let from = 0; from < 1_000; from += 300) {
        const page = await listing.page({ node, sort, order: 'asc' }, from, 300);
        seen.push(...page.nodes.map(each => index.pathOf(each)));
      }
      expect(seen).toEqual(names.map(name => name.slice(2)).sort());
    }
  });

  it('sorts names of any bytes, long common beginnings too', async () => {
    const names = Array.from(
      { length: 500 },
      (_, at) => `${'p'.repeat(at % 60)}\\${(128 + (at % 64)).toString(8)}${at}`
    );
    const index = await indexOfLines(linesFor(...names));
    const sorted = [...index.childrenOf(0)].map(node => index.nameBytes(node).toString('hex'));
    expect(sorted).toEqual([...sorted].sort());
    expect(sorted).toHaveLength(500);
  });
});
