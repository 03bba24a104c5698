import type { Segment } from './entry.ts';
import { damaged, safe } from './fields.ts';

/** The records of a pax header: the last value of each keyword, and the map of GNU's sparse format 0.0. */
export interface Pax {
  values: Map<string, string>;
  /** Keywords `GNU.sparse.offset` and `.numbytes`, which are repeated. */
  sparse: number[];
}

export const noPax = (): Pax => ({ values: new Map(), sparse: [] });

/** Adds the records of a pax header to `pax`. An empty value takes a keyword away, but an attribute may be empty. */
export function readPax(text: string, pax: Pax): void {
  for (let at = 0; at < text.length; ) {
    const space = text.indexOf(' ', at);
    const digits = text.slice(at, space);
    if (space === -1 || !/^[0-9]{1,9}$/.test(digits)) throw damaged('a pax record has no length');
    const end = at + Number(digits);
    const equals = text.indexOf('=', space);
    if (equals === -1 || end > text.length || equals >= end || text[end - 1] !== '\n') {
      throw damaged('a pax record is not complete');
    }
    const keyword = text.slice(space + 1, equals);
    const value = text.slice(equals + 1, end - 1);
    if (keyword === 'GNU.sparse.offset' || keyword === 'GNU.sparse.numbytes') {
      pax.sparse.push(decimal(value));
    } else if (value === '' && !keyword.startsWith('SCHILY.xattr.')) pax.values.delete(keyword);
    else pax.values.set(keyword, value);
    at = end;
  }
}

/** @throws Refusal unless `text` is a number without a sign. */
export function decimal(text: string): number {
  if (!/^[0-9]{1,19}$/.test(text)) throw damaged('a number of a pax header cannot be read');
  return safe(Number(text));
}

/** A time such as `1700000000.123456789`; digits beyond nanoseconds are cut off, as tar does. */
export function timeOf(text: string): { seconds: number; nanoseconds: number } {
  const [, sign, whole = '', fraction = ''] = /^(-?)([0-9]{1,17})(?:\.([0-9]*))?$/.exec(text) ?? [];
  if (sign === undefined) throw damaged('a time of a pax header cannot be read');
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'));
  const seconds = safe(Number(whole));
  if (sign === '') return { seconds, nanoseconds };
  return nanoseconds === 0
    ? { seconds: 0 - seconds, nanoseconds }
    : { seconds: 0 - seconds - 1, nanoseconds: 1e9 - nanoseconds };
}

/** @throws Refusal unless the segments are in order, within the file, and as long as what is stored. */
export function checkedSegments(
  numbers: readonly number[],
  size: number,
  stored: number
): Segment[] {
  if (numbers.length % 2 !== 0) throw damaged('the map of a sparse file is not complete');
  const segments: Segment[] = [];
  let end = 0;
  let bytes = 0;
  for (let at = 0; at < numbers.length; at += 2) {
    const segment = { offset: numbers[at] as number, bytes: numbers[at + 1] as number };
    if (segment.offset < end) throw damaged('the map of a sparse file is not in order');
    end = safe(segment.offset + segment.bytes);
    bytes += segment.bytes;
    if (segment.bytes > 0) segments.push(segment);
  }
  if (end > size || bytes !== stored) throw damaged('the map of a sparse file does not fit');
  return segments;
}
