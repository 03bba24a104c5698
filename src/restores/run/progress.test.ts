import { expect, it } from 'vitest';
import { isWriting, progressOf } from './progress';

const samples = [
  { atMs: 0, bytes: 0 },
  { atMs: 1_000, bytes: 100 },
];

it.each([
  ['nothing', { bytes: null, totalBytes: null }, [], {}],
  ['the end is not known', { bytes: 100, totalBytes: null }, samples, { rate: 100 }],
  ['half', { bytes: 100, totalBytes: 200 }, samples, { percent: 50, rate: 100, leftMs: 1_000 }],
  ['never 100 before the end', { bytes: 199, totalBytes: 200 }, [], { percent: 99 }],
  ['more than expected', { bytes: 300, totalBytes: 200 }, [], { percent: 100 }],
  [
    'a stall',
    { bytes: 100, totalBytes: 200 },
    samples.map(({ atMs }) => ({ atMs, bytes: 100 })),
    { percent: 50, rate: 0 },
  ],
])('of %s', (_, counted, seen, expected) => {
  const { percent, rate, leftMs } = progressOf(counted, seen);
  expect({ percent, rate, leftMs }).toEqual({
    percent: undefined,
    rate: undefined,
    leftMs: undefined,
    ...expected,
  });
});

it('counts bytes while they are written, and not while something else goes on', () => {
  const step = (name: 'write' | 'compare', state: 'running' | 'done' | 'waiting') => ({
    step: name,
    state,
    message: '',
  });
  expect(isWriting({ steps: [step('write', 'running')], stage: 'copy' })).toBe(true);
  expect(
    isWriting({ steps: [step('write', 'done'), step('compare', 'running')], stage: 'copy' })
  ).toBe(false);
  expect(isWriting({ steps: [], stage: 'copy' })).toBe(true);
  expect(isWriting({ steps: [], stage: 'wait' })).toBe(false);
});
