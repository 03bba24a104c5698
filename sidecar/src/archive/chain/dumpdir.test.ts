import { expect, it } from 'vitest';
import { DumpdirReader } from './dumpdir.ts';

function read(text: string, pieceBytes = 1_000): string[] {
  const names: string[] = [];
  const reader = new DumpdirReader((state, bytes, from, to) =>
    names.push(`${state} ${bytes.toString('latin1', from, to)}`)
  );
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += pieceBytes)
    reader.push(bytes.subarray(at, at + pieceBytes));
  reader.end();
  return names;
}

it.each([1, 2, 3, 1_000])('reads names in pieces of %i bytes', pieceBytes => {
  expect(read('Da\0Nb c\0YY\0N\n\xff\0\0', pieceBytes)).toEqual([
    'directory a',
    'unchanged b c',
    'packed Y',
    'unchanged \n\xff',
  ]);
  expect(read('\0', pieceBytes)).toEqual([]);
});

it.each([
  ['no end', 'Ya\0', 'not complete'],
  ['nothing', '', 'not complete'],
  ['a name without its end', 'Ya\0\0Yb', 'not complete'],
  ['names after the end', 'Ya\0\0Yb\0\0', 'cannot be read'],
  ['a renamed directory', 'R./a\0T./b\0\0', 'cannot be read'],
  ['a letter that is not known', 'Xa\0\0', 'cannot be read'],
  ['an empty name', 'Y\0\0', 'cannot be read'],
  ['a path', 'Ya/b\0\0', 'cannot be read'],
  ['a name that is too long', `Y${'a'.repeat(5_000)}`, 'cannot be read'],
])('refuses a list with %s', (_, text, why) => {
  expect(() => read(text)).toThrow(why);
});
