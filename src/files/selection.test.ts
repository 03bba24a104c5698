import { describe, expect, it } from 'vitest';
import { MAX_SELECTED, selectedBy, toggled, withSelected } from './selection';

const set = (...paths: string[]) => new Set(paths);

describe('a selection of paths', () => {
  it.each([
    ['a/b', 'self'],
    ['a/b/c', 'above'],
    ['a/b/c/d', 'above'],
    ['a', 'no'],
    ['a/bc', 'no'],
    ['a/c', 'no'],
  ] as const)('with the folder a/b selects %s by %s', (path, by) =>
    expect(selectedBy(set('a/b'), path)).toBe(by)
  );

  it('takes in and out what is selected by itself', () => {
    expect([...toggled(set('a'), 'b')]).toEqual(['a', 'b']);
    expect([...toggled(set('a', 'b'), 'a')]).toEqual(['b']);
  });

  it('keeps what a folder above selects', () => {
    expect(toggled(set('a'), 'a/b')).toEqual(set('a'));
  });

  it('holds nothing below a folder that it holds', () => {
    expect(toggled(set('a/b', 'a/c/d', 'ab'), 'a')).toEqual(set('ab', 'a'));
    expect(withSelected(set('a'), ['a/b', 'c'])).toEqual(set('a', 'c'));
  });

  it('has no more paths than one request may have', () => {
    const many = Array.from({ length: MAX_SELECTED + 5 }, (_, at) => `f${at}`);
    expect(withSelected(set('first'), many).size).toBe(MAX_SELECTED);
    expect(withSelected(set('first'), many).has('first')).toBe(true);
  });
});
