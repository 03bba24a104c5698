import { expect, it } from 'vitest';
import { readCursor, writeCursor } from './cursor.ts';

const position = { createdAt: '2026-11-20T10:11:12.345Z', id: '01k9a2b3c4d5e6f7g8h9jkmnpq' };

it('leads back to where it was given, and fits into a URL', () => {
  expect(readCursor(writeCursor(position))).toEqual(position);
  expect(writeCursor({ ...position, id: 'i'.repeat(64) })).toMatch(/^[\w-]{1,200}$/);
});

it.each([
  ['nothing', ''],
  ['a word', 'next'],
  ['no base64url', '!!!'],
  ['one with something added', `${writeCursor(position)}!`],
  ['half of one', writeCursor(position).slice(0, 20)],
  ['a position without an id', Buffer.from('2026-11-20T10:11:12.345Z ').toString('base64url')],
  ['SQL', Buffer.from("' OR 1=1 --").toString('base64url')],
])('refuses %s', (_, cursor) => {
  expect(() => readCursor(cursor)).toThrow(
    expect.objectContaining({ name: 'StageError', stage: 'queue', reason: 'BadCursor' })
  );
});
