import { expect, it } from 'vitest';
import { patienceFor } from './wait.ts';

const limits = { podsGoneMs: 300_000, afterGraceMs: 60_000 };
const pod = (graceMs: number) => ({
  ...{ name: 'x', uid: 'u', labels: {}, node: null, controller: undefined },
  isTerminating: false,
  graceMs,
});

it.each<[string, number[], number]>([
  ['no pod', [], 300_000],
  ['the usual 30 s', [30_000], 300_000],
  ['a database that asked for 20 minutes', [30_000, 1_200_000], 1_260_000],
])('waits long enough for %s', (_, graces, expected) => {
  expect(patienceFor(graces.map(pod), limits)).toBe(expected);
});
