import { describe, expect, it } from 'vitest';
import { crumbsOf, parametersOf, parentOf, queryOf, type View, viewOf } from './view';

const read = (query: string) => viewOf(new URLSearchParams(query));
const plain: View = { ...read('') };

it('searches the days of the time zone in which dates are shown', () => {
  const view = viewOf(new URLSearchParams('after=2026-03-01&before=2026-03-01'));
  expect(queryOf(view, 'Pacific/Auckland')).toMatchObject({
    after: '2026-02-28T11:00:00.000Z',
    before: '2026-03-01T10:59:59.999Z',
  });
});

describe('what of an archive is shown', () => {
  it.each<[string, Partial<View>]>([
    ['', { path: '', search: '', sort: 'name', order: 'asc' }],
    ['path=a/b%20c&search=x', { path: 'a/b c', search: 'x' }],
    ['sort=size&order=desc', { sort: 'size', order: 'desc' }],
    ['sort=colour&order=up', { sort: 'name', order: 'asc' }],
    ['minBytes=5&maxBytes=x', { minBytes: 5, maxBytes: undefined }],
    ['after=2026-11-20&before=soon', { after: '2026-11-20', before: undefined }],
    ['after=2026-99-99', { after: undefined }],
  ])('is read from %j', (query, expected) => expect(read(query)).toMatchObject(expected));

  it('is written so that it is read the same', () => {
    const view: View = {
      path: 'a/b',
      search: 'log',
      sort: 'time',
      order: 'desc',
      minBytes: 1,
      maxBytes: 2,
      after: '2026-01-02',
      before: '2026-01-03',
    };
    const written = Object.entries(parametersOf(view)).flatMap(([name, value]) =>
      value ? [[name, value]] : []
    );
    expect(viewOf(new URLSearchParams(written))).toEqual(view);
    expect(Object.values(parametersOf(plain)).filter(Boolean)).toEqual([]);
  });

  it.each<[string, Partial<View>, object]>([
    ['a folder', { path: 'a' }, { path: 'a' }],
    ['a search', { search: 'x' }, { search: 'x' }],
    ['a search by size in all below', { minBytes: 0 }, { search: '', minBytes: 0 }],
    [
      'whole days of the person',
      { after: '2026-11-20', before: '2026-11-20' },
      {
        search: '',
        after: new Date(2026, 10, 20).toISOString(),
        before: new Date(2026, 10, 20, 23, 59, 59, 999).toISOString(),
      },
    ],
  ])('is asked for as %s', (_, differs, expected) => {
    const query = Object.entries(queryOf({ ...plain, ...differs })).filter(
      ([, value]) => value !== undefined
    );
    expect(Object.fromEntries(query)).toEqual(expected);
  });

  it('has a way from the root, and a folder above', () => {
    expect(crumbsOf('a/b c/d')).toEqual([
      { name: 'a', path: 'a' },
      { name: 'b c', path: 'a/b c' },
      { name: 'd', path: 'a/b c/d' },
    ]);
    expect([crumbsOf(''), parentOf('a/b'), parentOf('a'), parentOf('')]).toEqual([[], 'a', '', '']);
  });
});
