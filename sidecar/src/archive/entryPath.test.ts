import { describe, expect, it } from 'vitest';
import { partsOfPath, textOfPath } from './entryPath.ts';

describe('a path as text', () => {
  it.each<[string, Buffer, string]>([
    ['ASCII', Buffer.from('a/b c'), 'a/b c'],
    ['UTF-8', Buffer.from('größe/日本'), 'größe/日本'],
    ['a line break', Buffer.from('two\nlines'), 'two\nlines'],
    ['a backslash', Buffer.from('a\\b'), 'a\\\\b'],
    ['Latin-1', Buffer.from('gr\xf6\xdfe', 'latin1'), 'gr\\366\\337e'],
    ['both, and a backslash', Buffer.from([0xff, 0x5c, 0xc3, 0xb6]), '\\377\\\\ö'],
    ['a character that is cut', Buffer.from([0xe6, 0x97]), '\\346\\227'],
    ['half of a surrogate pair', Buffer.from([0xed, 0xa0, 0x80]), '\\355\\240\\200'],
  ])('of %s leads back to the same bytes', (_, bytes, text) => {
    expect(textOfPath(bytes)).toBe(text);
    expect(
      Buffer.concat(partsOfPath(text)?.flatMap(part => [Buffer.from('/'), part]) ?? [])
    ).toEqual(Buffer.concat([Buffer.from('/'), bytes]));
  });

  it('has no parts that mean nothing', () => {
    expect(partsOfPath('./a//b/./c/')?.map(String)).toEqual(['a', 'b', 'c']);
    expect(partsOfPath('')).toEqual([]);
  });

  it.each(['a\\', 'a\\x', '\\400', '\\37'])('is refused when it is %s', path => {
    expect(partsOfPath(path)).toBeUndefined();
  });
});
