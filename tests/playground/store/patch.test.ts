import { describe, expect, it } from 'vitest';
import { Failure } from './failure.ts';
import { jsonPatch, mergePatch } from './patch.ts';

describe('a JSON Patch', () => {
  it.each<[string, unknown, unknown[], unknown]>([
    ['adds a field', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    [
      'inserts into a list',
      { a: [1, 3] },
      [{ op: 'add', path: '/a/1', value: 2 }],
      { a: [1, 2, 3] },
    ],
    ['appends to a list', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    ['replaces', { a: [1, 2] }, [{ op: 'replace', path: '/a/0', value: 9 }], { a: [9, 2] }],
    ['removes', { a: [1, 2], b: 1 }, [{ op: 'remove', path: '/a/0' }], { a: [2], b: 1 }],
    ['moves', { a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
    [
      'copies',
      { a: { x: 1 } },
      [{ op: 'copy', from: '/a', path: '/b' }],
      { a: { x: 1 }, b: { x: 1 } },
    ],
    [
      'reads ~1 as a slash and ~0 as a tilde',
      { 'a/b~c': 1 },
      [{ op: 'remove', path: '/a~1b~0c' }],
      {},
    ],
    ['goes on after a test that holds', { a: 1 }, [{ op: 'test', path: '/a', value: 1 }], { a: 1 }],
  ])('%s', (_, target, patch, expected) => expect(jsonPatch(target, patch)).toEqual(expected));

  it.each<[string, unknown[]]>([
    ['a test that fails', [{ op: 'test', path: '/a', value: 2 }]],
    ['a path that is not there', [{ op: 'remove', path: '/b' }]],
    ['a name that every object has from its prototype', [{ op: 'remove', path: '/toString' }]],
    ['an operation that is none', [{ op: 'increase', path: '/a' }]],
  ])('refuses %s', (_, patch) => expect(() => jsonPatch({ a: 1 }, patch)).toThrow(Failure));

  it('leaves the object that it starts from as it is', () => {
    const target = { a: [1] };
    jsonPatch(target, [{ op: 'add', path: '/a/-', value: 2 }]);
    expect(target).toEqual({ a: [1] });
  });
});

describe('a merge patch', () => {
  it('sets, replaces lists, and removes what is null', () =>
    expect(
      mergePatch({ a: 1, b: { x: 1, y: 2 }, c: [1, 2] }, { a: null, b: { y: 3 }, c: [3] })
    ).toEqual({
      b: { x: 1, y: 3 },
      c: [3],
    }));
});
