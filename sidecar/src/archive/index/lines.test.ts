import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { indexOfLines, linesFor } from '../../testing/archive/testIndex.ts';
import { EntryFields } from './entry.ts';
import { BadLine, LineReader } from './lines.ts';
import { lineOf } from './writeLine.ts';

const SAMPLE = readFileSync(join(import.meta.dirname, 'fixtures/tar-lines.txt'));
const TAR = join(import.meta.dirname, 'fixtures/tar-lines.tar');

const read = (line: string): EntryFields => {
  const entry = new EntryFields();
  const bytes = Buffer.from(line);
  new LineReader(entry).read(bytes, 0, bytes.length);
  return entry;
};
const sampleLines = SAMPLE.toString('latin1').trimEnd().split('\n');
const line = (name: string) => sampleLines.find(each => each.includes(name)) ?? '';

describe('a line of tar', () => {
  it('is read whatever the entry is and however it is called', () => {
    const names = sampleLines.map(each => read(each).name.view());
    const expected = execFileSync('tar', ['-tf', TAR, '--quoting-style=literal']);
    expect(Buffer.concat(names.flatMap(name => [name, Buffer.from('\n')]))).toEqual(expected);
  });

  it('has the type, the mode, the owner and the size', () => {
    expect(read(line('big-owner'))).toMatchObject({ type: 0, owner: '3000000/4000000', size: 1 });
    expect(read(line('setuid'))).toMatchObject({ mode: 0o6755 });
    expect(read(line('sticky'))).toMatchObject({ type: 1, mode: 0o1777 });
    expect(read(line('no-mode'))).toMatchObject({ mode: 0 });
    expect(read(line('with-acl'))).toMatchObject({ mode: 0o644, size: 1, block: 261 });
    expect(read(line('./char'))).toMatchObject({ type: 5, size: 2 ** 32 + 3 });
    expect(read(line('only-a-hole'))).toMatchObject({ size: 20_000_000_000 });
  });

  it.each<[string, string, number]>([
    ['70000 bytes', '2026-11-20T10:11:12Z', 123_456_789],
    ['whole-second', '2026-11-20T10:11:12Z', 0],
    ['"./future"', '2200-01-01T00:00:00Z', 500_000_000],
    ['"./old"', '1965-03-04T05:06:07Z', 0],
    // tar counts the fraction backwards before 1970
    ['old-with-nanoseconds', '1965-03-04T05:06:07Z', 1],
  ])('has the time of %s', (name, time, nanos) => {
    expect(read(line(name))).toMatchObject({ seconds: Date.parse(time) / 1000, nanos });
  });

  it('has the target of a link, also of a strange one', () => {
    expect(read(line('link to \\"strange')).link.view()).toEqual(
      Buffer.from('../t\nx"\xff', 'latin1')
    );
    expect(read(line('link -> x')).link.view().toString()).toBe('target with -> arrow');
    expect(read(line('hard -> link')).link.view().toString()).toBe('./second link to name');
    expect(read(line('a -> b')).link.length).toBe(0);
  });

  it.each([
    '',
    'block 0',
    'block x: -rw-r--r--  0/0 0 2026-11-20 10:11:12 "a"',
    'block 0: -rw-r--r--  0/0 0 2026-11-20 10:11:12 a',
    'block 0: -rw-r--r--  0/0 0 2026-11-20 10:11:12 "a',
    'block 0: -rw-r--r--  0/0 0 2026-11-20 10:11:12 "a"b',
    'block 0: -rw-r--r--  0/0 0 2026-11-20 10:11:12 "a\\q"',
    'block 0: -rw-r--r--  0/0 0 2026-11-20 10:11:12 "a" -> "b"',
    'block 0: lrw-r--r--  0/0 0 2026-11-20 10:11:12 "a"',
    'block 0: -rw-r--r--  0/0 99999999999999999999 2026-11-20 10:11:12 "a"',
  ])('is refused when it is %j', text => {
    expect(() => read(text)).toThrow(BadLine);
  });

  it('that is written here says the same', () => {
    for (const each of sampleLines) {
      const entry = read(each);
      const again = read(lineOf(entry).slice(0, -1));
      expect({ ...again, name: again.name.view(), link: again.link.view() }).toEqual({
        ...entry,
        name: entry.name.view(),
        link: entry.link.view(),
      });
    }
  });

  it('may have a time that no calendar has', async () => {
    const index = await indexOfLines(linesFor(['./a', 1, '-67768040609740800']));
    expect(index.find('a')).toMatchObject({ bytes: 1, modifiedAt: null });
  });
});
