import { expect, it } from 'vitest';
import { readRecord, writeRecord } from './journalRecord.ts';

const record = {
  sequence: 17,
  value: [{ id: 'a', message: "größe 'x' \n \u2028 😀", bytes: null }],
};
const line = writeRecord(record).subarray(0, -1);

it('gives back what was written, from one line', () => {
  expect(readRecord(line)).toEqual(record);
  expect(writeRecord(record).indexOf('\n')).toBe(line.length);
});

it('finds every changed byte', () => {
  for (let at = 0; at < line.length; at += 1) {
    const changed = Buffer.from(line);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(readRecord(changed)).toBeUndefined();
  }
});

it('finds every cut', () => {
  for (let length = 0; length < line.length; length += 1) {
    expect(readRecord(line.subarray(0, length))).toBeUndefined();
  }
});
