import { expect, it } from 'vitest';
import type { Breaker } from './breaker.ts';
import { breaker } from './breaker.ts';

type Step = (fuse: Breaker) => unknown;
const fails =
  (at: number, kind: 'write' | 'read' = 'write'): Step =>
  fuse =>
    fuse.failed(kind, at);
const works =
  (kind: 'write' | 'read' = 'write'): Step =>
  fuse =>
    fuse.succeeded(kind);
const uses =
  (at: number): Step =>
  fuse =>
    fuse.enter(at);
const S = 1_000;

/** What `enter` says at that time, after these steps. */
it.each<[string, Step[], number, number | undefined]>([
  ['a new one is used', [], 0, undefined],
  ['after one failure it is looked at first', [fails(0)], 1 * S, 6 * S],
  ['a look that works ends that', [fails(0), works('read')], 1 * S, undefined],
  [
    'two failures, each followed by a look',
    [fails(0), works('read'), fails(1 * S), works('read')],
    2 * S,
    undefined,
  ],
  ['three in a row: paused for 30 s', [fails(0), fails(1 * S), fails(2 * S)], 3 * S, 32 * S],
  [
    'a look that works does not end a pause for writes',
    [fails(0), fails(0), fails(0), works('read')],
    3 * S,
    30 * S,
  ],
  [
    'three in a row with a success in between',
    [fails(0), fails(0), works(), fails(0), works('read')],
    1 * S,
    undefined,
  ],
  [
    'reads and writes are counted apart',
    [fails(0), fails(0, 'read'), fails(0), fails(0, 'read'), works('read')],
    1 * S,
    undefined,
  ],
  ['after the pause one use is a trial', [fails(0), fails(0), fails(0)], 30 * S, undefined],
  ['and one only', [fails(0), fails(0), fails(0), uses(30 * S)], 31 * S, 90 * S],
  [
    'a trial that says nothing is followed by another',
    [fails(0), fails(0), fails(0), uses(30 * S)],
    90 * S,
    undefined,
  ],
  [
    'a trial that works ends the pause',
    [fails(0), fails(0), fails(0), uses(30 * S), works()],
    31 * S,
    undefined,
  ],
  [
    'a trial that fails doubles it',
    [fails(0), fails(0), fails(0), uses(30 * S), fails(40 * S)],
    41 * S,
    100 * S,
  ],
  [
    'what was under way when it began does not',
    [fails(0), fails(0), fails(0), fails(1 * S), fails(2 * S)],
    3 * S,
    30 * S,
  ],
  [
    'a success makes the next pause short again',
    [
      fails(0),
      fails(0),
      fails(0),
      fails(40 * S),
      works(),
      fails(99 * S),
      fails(99 * S),
      fails(99 * S),
    ],
    100 * S,
    129 * S,
  ],
])('%s', (_, steps, at, answer) => {
  const fuse = breaker();
  for (const step of steps) step(fuse);
  expect(fuse.enter(at)).toBe(answer);
});

it('pauses for ten minutes at most', () => {
  const fuse = breaker();
  for (let at = 0, turn = 0; turn < 20; turn += 1) {
    for (let each = 0; each < 3; each += 1) fuse.failed('write', at);
    const until = fuse.pausedUntil() ?? 0;
    expect(until - at).toBeLessThanOrEqual(600 * S);
    at = until;
  }
});
