import { expect, it } from 'vitest';
import type { Pace } from './flow.ts';
import { Flow, tooSlow } from './flow.ts';

const slow: Pace = { taken: 5, before: 0, buffered: 9, isFull: true };
const waits: Pace = { taken: 50, before: 0, buffered: 0, isFull: false };
const usual = { leastBytes: 10, hasEnded: false };

it.each<[string, Pace[], Partial<typeof usual>, number[]]>([
  ['one that others wait for', [waits, slow], {}, [1]],
  ['all that others wait for', [slow, waits, slow], {}, [0, 2]],
  ['none while all are full: nobody waits', [slow, slow], {}, []],
  ['none that is alone', [slow], {}, []],
  ['none that takes enough', [waits, { ...slow, taken: 10 }], {}, []],
  ['none that has room', [waits, { ...slow, isFull: false }], {}, []],
  ['one that takes nothing at the end', [{ ...slow, taken: 0 }], { hasEnded: true }, [0]],
  ['none that takes a little at the end', [waits, slow], { hasEnded: true }, []],
  ['none that has taken all', [{ ...waits, taken: 0 }], { hasEnded: true }, []],
])('finds too slow: %s', (_, paces, change, expected) =>
  expect(tooSlow(paces, { ...usual, ...change })).toEqual(expected)
);

it('knows what was taken in the last window', async () => {
  const flow = new Flow(10);
  flow.push(Buffer.alloc(10));
  expect(flow.isFull).toBe(true);
  expect(flow.tick(2)).toBeUndefined();
  expect(flow.tick(2)).toBeUndefined();
  const changed = flow.changed();
  flow.body.read(4);
  await changed;
  expect(flow.tick(2)).toEqual({ taken: 4, before: 0, buffered: 6, isFull: false });
  expect(flow.tick(2)).toEqual({ taken: 4, before: 0, buffered: 6, isFull: false });
  expect(flow.tick(2)).toEqual({ taken: 4, before: 4, buffered: 6, isFull: false });
});
