import { describe, expect, it } from 'vitest';
import { strategicPatch } from './strategicPatch.ts';

const container = (name: string, more = {}) => ({ name, image: 'a', ...more });

describe('a strategic merge patch', () => {
  it.each<[string, object, object, object]>([
    [
      'merges containers by name',
      { containers: [container('one'), container('two')] },
      { containers: [{ name: 'two', image: 'b' }] },
      { containers: [container('one'), { name: 'two', image: 'b' }] },
    ],
    [
      'adds what is not there',
      { volumes: [{ name: 'a' }] },
      { volumes: [{ name: 'b' }] },
      { volumes: [{ name: 'a' }, { name: 'b' }] },
    ],
    [
      'deletes an entry by directive',
      { containers: [container('one'), container('two')] },
      { containers: [{ name: 'one', $patch: 'delete' }] },
      { containers: [container('two')] },
    ],
    [
      'replaces a list by directive',
      { containers: [container('one')] },
      { containers: [{ $patch: 'replace' }, container('two')] },
      { containers: [container('two')] },
    ],
    [
      'replaces a list without a merge key',
      { command: ['a', 'b'] },
      { command: ['c'] },
      { command: ['c'] },
    ],
    [
      'merges ports of a Service by port and of a container by containerPort',
      { ports: [{ port: 80, name: 'http' }] },
      { ports: [{ port: 80, nodePort: 1 }] },
      { ports: [{ port: 80, name: 'http', nodePort: 1 }] },
    ],
    [
      'merges finalizers as a set',
      { finalizers: ['a'] },
      { finalizers: ['a', 'b'] },
      { finalizers: ['a', 'b'] },
    ],
    [
      'takes single finalizers away',
      { finalizers: ['a', 'b'] },
      { '$deleteFromPrimitiveList/finalizers': ['a'] },
      { finalizers: ['b'] },
    ],
    ['removes what is null', { a: 1, b: 2 }, { a: null }, { b: 2 }],
  ])('%s', (_, target, patch, expected) => expect(strategicPatch(target, patch)).toEqual(expected));
});
