import { describe, expect, it } from 'vitest';
import { parseEntry, parseFacts, parseListTime, parseTime } from './listing.ts';

const file = (name: string, bytes: number) =>
  expect.objectContaining({ name, bytes, isFile: true, isDirectory: false });

describe('a line of a listing', () => {
  it.each([
    ['type=file;size=12;modify=20261126213000; a b.tar.gz', file('a b.tar.gz', 12)],
    ['Type=file;Size=5000000000;Modify=20261126213000.5;UNIX.mode=0600; größe', file('größe', 5e9)],
    ['-rw-------    1 0        0              12 Nov 26 21:39 a b.tar.gz', file('a b.tar.gz', 12)],
    ['-rw-r--r-- 1 ftp ftp 5000000000 Jan 01  2025 größe', file('größe', 5e9)],
    ['11-26-26  09:39PM                   12 a.tar.gz', file('a.tar.gz', 12)],
    [
      'drwx------    2 0        0            4096 Nov 26 21:39 sub',
      { isDirectory: true, isFile: false },
    ],
  ])('%s', (line, entry) => {
    expect(parseEntry(line)).toMatchObject(entry);
  });

  it.each([
    'type=cdir;modify=20261126213000; .',
    'type=pdir; ..',
    'total 12',
    'drwx------    2 0        0            4096 Nov 26 21:39 .',
  ])('%s is no entry', line => expect(parseEntry(line)).toBeUndefined());

  it('has its time only where it is exact', () => {
    expect(parseEntry('type=file;size=1;modify=20261126213000; a')?.modifiedAt).toEqual(
      new Date('2026-11-26T21:30:00Z')
    );
    expect(parseEntry('-rw------- 1 0 0 1 Nov 26 21:39 a')?.modifiedAt).toBeUndefined();
  });
});

describe('facts of a file', () => {
  it('are read from the middle of an answer', () => {
    const answer =
      '250-Listing a\r\n type=file;size=3;modify=20261126213000.25;unique=1; /dir/a\r\n250 End';
    expect(parseFacts(answer)).toEqual({
      isFile: true,
      bytes: 3,
      modifiedAt: new Date('2026-11-26T21:30:00.250Z'),
    });
  });

  it.each(['250 End', '250-x\r\n type=file;modify=20261126213000; a\r\n250 End'])(
    'are not guessed: %j',
    answer => expect(parseFacts(answer)).toBeUndefined()
  );
});

it('a time that is none is none', () => expect(parseTime('yesterday')).toBeUndefined());

it.each([
  ['Nov 26 21:39', '2026-11-26T21:39:00Z'],
  ['Nov 27 07:05', '2026-11-27T07:05:00Z'],
  ['Dec  3 07:05', '2025-12-03T07:05:00Z'],
  ['Mar  3  2024', '2024-03-03T00:00:00Z'],
  ['11-26-26 09:39PM', undefined],
])('the time %s of a listing of 26 November 2026 is %s', (text, at) => {
  const now = new Date('2026-11-26T22:00:00Z');
  expect(parseListTime(text, now)).toEqual(at && new Date(at));
});
