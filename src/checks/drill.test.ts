import { expect, it } from 'vitest';
import { StartDrill } from '../../sidecar/api';
import { drillOf, type TypedDrill } from './drill';

const nothing: TypedDrill = { image: '', command: '', storageClass: '' };

it.each<[Partial<TypedDrill>, StartDrill | undefined]>([
  [{}, {}],
  [{ storageClass: ' fast ' }, { storageClass: 'fast' }],
  [{ image: 'busybox' }, undefined],
  [{ command: 'true' }, undefined],
  [
    { image: ' busybox ', command: ' test -s "a b" ' },
    { image: 'busybox', command: ['sh', '-c', 'test -s "a b"'] },
  ],
])('of %j asks for %j', (typed, expected) => {
  const drill = drillOf({ ...nothing, ...typed });
  expect(drill).toEqual(expected);
  if (drill) expect(StartDrill.parse(drill)).toEqual(drill);
});
