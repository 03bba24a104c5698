import { expect, it } from 'vitest';
import { CoarseTimes } from './coarseTimes.ts';

const time = (seconds: number, nanoseconds: number) => ({ seconds, nanoseconds });
const verdict = (...pairs: [ReturnType<typeof time>, ReturnType<typeof time>][]) => {
  const times = new CoarseTimes();
  pairs.forEach(([is, was], index) => times.add(`${index}`, is, was));
  const { isCoarse, count } = times.verdict();
  return { isCoarse, count };
};

it.each<[string, ReturnType<typeof verdict>, object]>([
  [
    'to seconds',
    verdict([time(1, 0), time(1, 5)], [time(7, 0), time(7, 999)]),
    { isCoarse: true, count: 2 },
  ],
  ['to 2 seconds', verdict([time(2, 0), time(3, 5)]), { isCoarse: true, count: 1 }],
  [
    'to 100 ns',
    verdict([time(1, 123_456_700), time(1, 123_456_789)]),
    { isCoarse: true, count: 1 },
  ],
])('knows times that are cut off %s', (_, seen, expected) => expect(seen).toEqual(expected));

it.each<[string, ReturnType<typeof verdict>, object]>([
  ['is later', verdict([time(2, 0), time(1, 5)]), { isCoarse: false, count: 1 }],
  [
    'is cut off, where another one in the volume is not',
    verdict([time(1, 0), time(1, 5)], [time(1, 7), time(1, 7)]),
    { isCoarse: false, count: 1 },
  ],
  [
    'is cut off otherwise than another one',
    verdict([time(1, 0), time(1, 500)], [time(1, 123_456_700), time(1, 123_456_789)]),
    { isCoarse: false, count: 2 },
  ],
])('takes a time for different that %s', (_, seen, expected) => expect(seen).toEqual(expected));
