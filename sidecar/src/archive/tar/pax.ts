import { BadTar } from './header.ts';

/** Records of an extended header, in order; of the same key the last one counts. */
export interface PaxRecord {
  key: string;
  value: Buffer;
}

/** Each takes some hundred bytes of memory, and five in the archive; a usual entry has less than twenty. */
export const MAX_RECORDS = 100_000;

/** @param bytes contents of a header of type `x` or `g`: `LENGTH KEY=VALUE\n` again and again. @throws BadTar */
export function readPax(bytes: Buffer): PaxRecord[] {
  const records: PaxRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 ? '' : bytes.toString('latin1', at, space);
    const length = /^\d{1,10}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = bytes.indexOf(0x3d, space);
    if (end > bytes.length || equals < 0 || equals >= end || bytes[end - 1] !== 0x0a)
      throw new BadTar('an extended header is damaged');
    if (records.length === MAX_RECORDS) throw new BadTar('an extended header has too many records');
    records.push({
      key: bytes.toString('utf8', space + 1, equals),
      value: Buffer.from(bytes.subarray(equals + 1, end - 1)),
    });
    at = end;
  }
  return records;
}

/** @returns the bytes of one record. */
export function paxRecord({ key, value }: PaxRecord): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  // The length counts its own digits.
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

/** @throws BadTar */
export function paxNumber({ key, value }: PaxRecord): number {
  const text = value.toString('latin1');
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number))
    throw new BadTar(`an extended header has a wrong ${key}`);
  return number;
}

/** @returns a time with its fraction, also one before 1970. @throws BadTar */
export function paxTime({ key, value }: PaxRecord): { seconds: number; nanos: number } {
  const [, sign, whole = '', fraction = ''] =
    /^(-?)(\d+)(?:\.(\d*))?$/.exec(value.toString('latin1')) ?? [];
  const seconds = Number(whole);
  if (sign === undefined || !Number.isSafeInteger(seconds))
    throw new BadTar(`an extended header has a wrong ${key}`);
  const nanos = Number(fraction.slice(0, 9).padEnd(9, '0'));
  if (sign === '') return { seconds, nanos };
  return nanos === 0 ? { seconds: -seconds, nanos } : { seconds: -seconds - 1, nanos: 1e9 - nanos };
}
